"""Before a request is worked on: which route it is for, who asks, whether they may, and whether not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from youhui.platform.access import Access, Allowed, Found
from youhui.platform.db import PATIENCE
from youhui.platform.principals import ANONYMOUS, Identities, Principal
from youhui.platform.problems import Unauthenticated, Unavailable


class Limits(Protocol):
    """Counts requests in memory; never waits."""

    def take(self, principal: Principal, address: str, allowed: Allowed) -> None:
        """Counts one request of this caller. Raises TooManyRequests."""

    def may_guess(self, address: str) -> None:
        """Raises TooManyRequests where too many made-up credentials came from."""

    def guessed(self, address: str) -> None:
        """Counts credentials that were looked up in vain."""


class Guard:
    """Deny by default: a route that the table does not name answers 404, a caller that it does not name 401 or 403."""

    def __init__(self, access: Access, identities: Identities, limits: Limits) -> None:
        self._access = access
        self._identities = identities
        self._limits = limits

    def find(self, method: str, path: str) -> Found:
        """The route of a request. Raises NotFound, MethodNotAllowed."""
        return self._access.find(method, path)

    async def admit(self, allowed: Allowed, headers: Mapping[bytes, bytes], address: str) -> Principal:
        """Who asks. Raises Unauthenticated, Forbidden, TooManyRequests, Unavailable."""
        if allowed.free:  # nobody needs to be known: what waits for a database must not make a probe wait
            return ANONYMOUS
        principal = await self._identified(headers, address, allowed)
        self._limits.take(principal, address, allowed)
        allowed.admit(principal)
        return principal

    async def _identified(self, headers: Mapping[bytes, bytes], address: str, allowed: Allowed) -> Principal:
        credentials = headers.get(b"authorization")
        if credentials is None:
            return ANONYMOUS
        try:
            bearer = _bearer(credentials)
            held = self._identities.held(bearer)
            return held if held is not None else await self._looked_up(bearer, address)
        except Unauthenticated:
            self._limits.take(ANONYMOUS, address, allowed)  # guessing is throttled like asking without any
            raise

    async def _looked_up(self, bearer: str, address: str) -> Principal:
        """A flood of made-up credentials must not become one of queries; whoever was good before passes it by."""
        if not self._identities.doubtful(bearer):
            return await self._identify(bearer)
        self._limits.may_guess(address)
        try:
            return await self._identify(bearer)
        except Unauthenticated:
            self._limits.guessed(address)
            raise

    async def _identify(self, bearer: str) -> Principal:
        """Raises Unauthenticated, Unavailable: those before it may each wait for a database that is silent."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(self._identities.identify, bearer)
        except TimeoutError as error:
            raise Unavailable from error


def _bearer(header: bytes) -> str:
    """What follows "Bearer ". Raises Unauthenticated."""
    scheme, _, credentials = header.decode("latin-1").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() != "bearer" or not credentials:
        raise Unauthenticated
    return credentials
