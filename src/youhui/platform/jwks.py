"""The public keys of an issuer (RFC 7517), from the one address that the settings name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import structlog

from youhui.platform.problems import Unauthenticated, Unavailable

FRESH = timedelta(minutes=5)
"""after which the keys are fetched anew"""
USABLE = timedelta(hours=1)
"""for how long the last known are good while the address does not answer"""
PAUSE = timedelta(seconds=30)
"""between two fetches, however many unknown keys tokens name"""
RETRY = timedelta(seconds=5)
"""after a fetch that failed; until then nobody waits for another"""
TIMEOUT = 2.0
"""seconds"""

_log = structlog.get_logger()
_NEVER = datetime.min.replace(tzinfo=UTC)


class KeySet:
    """Keys by their ids. Safe to be asked by many threads: one fetches, and only who has nothing to go on waits."""

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT)
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = self._next = _NEVER
        self._fetching = threading.Lock()

    def key(self, name: object) -> jwt.PyJWK:
        """Raises Unauthenticated for a name that is not known, Unavailable where none are."""
        if not isinstance(name, str):
            raise Unauthenticated
        if name not in self._keys or self._age() > FRESH:
            self._fetch()
        if self._age() > USABLE:
            raise Unavailable
        found = self._keys.get(name)
        if found is None:
            raise Unauthenticated
        return found

    def _age(self) -> timedelta:
        return self._clock() - self._fetched

    def _fetch(self) -> None:
        if not self._fetching.acquire(blocking=not self._keys):
            return
        try:
            if self._clock() < self._next:
                return
            self._keys = {key.key_id: key for key in self._client.get_signing_keys()}
            self._fetched = self._clock()
            self._next = self._fetched + PAUSE
        except (jwt.PyJWTError, OSError, ValueError, TypeError, RecursionError) as error:
            self._next = self._clock() + RETRY
            _log.warning("keys of the issuer not fetched", url=self._client.uri, error=str(error)[:200])
        finally:
            self._fetching.release()
