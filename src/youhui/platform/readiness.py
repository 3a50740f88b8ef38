"""Whether a process may be given requests. Anyone may ask at any rate: the database is asked once a second at most."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, Literal, NamedTuple, TypeVar

import structlog
from pydantic import BaseModel

from youhui.platform import migrate
from youhui.platform.db import Database
from youhui.platform.problems import Unavailable
from youhui.platform.setting_forms import SecretUrl

PATIENCE = 1.0
"""seconds in which the database must answer; so long its last answer is good for"""
GIVEN_UP = 10.0
"""seconds after which a question without an answer is asked again"""
REDIS_PATIENCE = 0.05
"""seconds that are spent on what is information only"""
FOLLOWED = 10.0
"""seconds after which versions that were not looked at may be wrong"""

T = TypeVar("T")

_log = structlog.get_logger()


class DatabaseCheck(BaseModel):
    """`ms`: how long it took to answer; null if it did not."""

    ok: bool
    ms: float | None


class SchemaCheck(BaseModel):
    """`revision`: of the tables. One that this version does not know is of a newer one, which is well."""

    ok: bool
    revision: str | None


class VersionsCheck(BaseModel):
    """`age_seconds`: since the versions of the rules were last looked at."""

    ok: bool
    age_seconds: float


class RedisCheck(BaseModel):
    """For information: a process without it is slower to hear of changes, and ready."""

    state: Literal["off", "up", "down"]


class Checks(BaseModel):
    """What was looked at."""

    database: DatabaseCheck
    tables: SchemaCheck
    versions: VersionsCheck
    redis: RedisCheck


class Report(BaseModel):
    """Ready is who passes every check."""

    status: Literal["ready", "not_ready"]
    checks: Checks


class _Found(NamedTuple):
    ms: float
    tables: SchemaCheck


class _Probe(Generic[T]):
    """One question, asked in a thread, once at a time; its answer is good for a second.

    A thread of its own, which the end of the process does not wait for: a database may hang for as long as it likes.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._asked: Future[T | None] | None = None
        self._asked_at = 0.0

    async def answer(self, patience: float) -> T | None:
        """None if there is none within so many seconds of the asking."""
        now = time.monotonic()
        age = now - self._asked_at
        if self._asked is None or age > (PATIENCE if self._asked.done() else GIVEN_UP):
            self._asked, self._asked_at = Future(), now
            threading.Thread(target=self._answer, args=(self._asked,), name="probe", daemon=True).start()
        if self._asked.done():
            return self._asked.result()
        left = max(0.0, self._asked_at + patience - now)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._asked)), left)
        except TimeoutError:
            return None

    def _answer(self, asked: Future[T | None]) -> None:
        try:
            asked.set_result(self._ask())
        except Exception:
            _log.exception("probe failed")
            asked.set_result(None)


class Readiness:
    """The checks of one service. `looked_at`: when the versions were last looked at, by the monotonic clock."""

    def __init__(
        self, database: Database, looked_at: Callable[[], float], redis_url: SecretUrl | None
    ) -> None:
        self._database = database
        self._looked_at = looked_at
        self._database_probe = _Probe(self._ask_database)
        self._redis_probe = None if redis_url is None else _Probe(lambda: _reached(redis_url))

    async def report(self) -> Report:
        """What is the case now; waits for a database that does not answer, for a second and no longer."""
        found, redis = await asyncio.gather(self._database_probe.answer(PATIENCE), self._redis_state())
        age = time.monotonic() - self._looked_at()
        checks = Checks(
            database=DatabaseCheck(ok=found is not None, ms=found and found.ms),
            tables=found.tables if found else SchemaCheck(ok=False, revision=None),
            versions=VersionsCheck(ok=age < FOLLOWED, age_seconds=round(age, 3)),
            redis=RedisCheck(state=redis),
        )
        ready = checks.database.ok and checks.tables.ok and checks.versions.ok
        return Report(status="ready" if ready else "not_ready", checks=checks)

    def _ask_database(self) -> _Found | None:
        began = time.perf_counter()
        try:
            with self._database.beside() as connection:
                revision = migrate.current(connection)
        except Unavailable:
            return None
        ms = round((time.perf_counter() - began) * 1000, 2)
        return _Found(ms, SchemaCheck(ok=not migrate.is_behind(revision), revision=revision))

    async def _redis_state(self) -> Literal["off", "up", "down"]:
        if self._redis_probe is None:
            return "off"
        return "up" if await self._redis_probe.answer(REDIS_PATIENCE) else "down"


def _reached(url: SecretUrl) -> bool:
    from redis import RedisError  # the extra `redis`

    from youhui.platform import valkey

    try:
        with valkey.connect(url.get_secret_value()) as client:
            return bool(client.ping())
    except RedisError:
        return False
