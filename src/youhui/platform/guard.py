"""Before a request is worked on: which route it is for, who asks, whether they may, and whether not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from youhui.platform.access import Access, Allowed, Found
from youhui.platform.principals import ANONYMOUS, Identities, Principal
from youhui.platform.problems import Unauthenticated


class Limits(Protocol):
    """Counts requests in memory; never waits."""

    def take(self, principal: Principal, address: str, allowed: Allowed) -> None:
        """Counts one request of this caller. Raises TooManyRequests."""


class Admitted(NamedTuple):
    """A request that may be worked on."""

    found: Found
    principal: Principal


class Guard:
    """Deny by default: a route that the table does not name answers 404, a caller that it does not name 401 or 403."""

    def __init__(self, access: Access, identities: Identities, limits: Limits) -> None:
        self._access = access
        self._identities = identities
        self._limits = limits

    async def admit(self, method: str, path: str, headers: Mapping[bytes, bytes], address: str) -> Admitted:
        """Raises NotFound, MethodNotAllowed, Unauthenticated, Forbidden, TooManyRequests, Unavailable."""
        found = self._access.find(method, path)
        allowed = found.allowed
        credentials = headers.get(b"authorization")
        principal = ANONYMOUS
        if credentials is not None:
            try:
                principal = await self._identified(credentials)
            except Unauthenticated:
                self._limits.take(
                    ANONYMOUS, address, allowed
                )  # guessing is throttled like asking without any
                raise
        if not allowed.free:
            self._limits.take(principal, address, allowed)
        allowed.admit(principal)
        return Admitted(found, principal)

    async def _identified(self, header: bytes) -> Principal:
        scheme, _, credentials = header.decode("latin-1").partition(" ")
        credentials = credentials.strip()
        if scheme.lower() != "bearer" or not credentials:
            raise Unauthenticated()
        held = self._identities.held(credentials)
        return held or await asyncio.to_thread(self._identities.identify, credentials)
