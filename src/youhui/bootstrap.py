"""Puts the service together: the only place that knows every capability and every adapter."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points

from youhui.checkout.following import Following
from youhui.checkout.quoting import Quoting
from youhui.checkout.requests import Requests
from youhui.checkout.store import Source
from youhui.engine import BUILT_IN, Registry
from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.platform import migrate
from youhui.platform.access import Allowed
from youhui.platform.db import Database
from youhui.platform.guard import Limits
from youhui.platform.principals import SYSTEM, Identities, Principal
from youhui.platform.settings import Settings
from youhui.promotions.service import Promotions, StoredRules

Clock = Callable[[], datetime]

KINDS = "youhui.kinds"
"""the group of entry points under which other packages name their conditions and actions, one class each"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that a process runs on."""

    settings: Settings
    clock: Clock
    registry: Registry
    database: Database
    following: Following
    identities: Identities
    limits: Limits
    quoting: Quoting
    requests: Requests
    promotions: Promotions

    def start(self) -> None:
        """Brings the database up to date, loads the rules and follows them. Raises Unavailable."""
        migrate.upgrade(self.database)
        self.quoting.refresh()
        gc.freeze()  # compiled rules live long: a collection need not walk through all of them again and again
        self.following.start()

    def stop(self) -> None:
        """Lets go of threads and connections."""
        self.following.stop()
        self.database.close()


def service(settings: Settings, clock: Clock | None = None) -> Service:
    """The service as these settings say; `clock` is the system's, in UTC."""
    tell = clock or _now
    registry = kinds()
    database = Database(settings.database_url)
    following = Following(database)
    quoting = Quoting(StoredRules(database, registry))
    following.listen(Source.PROMOTIONS, quoting.refresh)
    return Service(
        settings=settings,
        clock=tell,
        registry=registry,
        database=database,
        following=following,
        identities=_Anyone(),
        limits=_Unlimited(),
        quoting=quoting,
        requests=Requests(settings.strategy),
        promotions=Promotions(database, tell, following.notice),
    )


class _Anyone:  # FIXME accounts
    def held(self, credentials: str) -> Principal | None:
        return SYSTEM

    def identify(self, credentials: str) -> Principal:
        return SYSTEM


class _Unlimited:  # FIXME rate limits
    def take(self, principal: Principal, address: str, allowed: Allowed) -> None:
        pass


def kinds() -> Registry:
    """The built-in kinds and those of installed packages. Raises TypeError for an entry point that is no kind."""
    conditions: list[type[Condition]] = []
    actions: list[type[Action]] = []
    for point in entry_points(group=KINDS):
        cls = point.load()
        if isinstance(cls, type) and issubclass(cls, Condition):
            conditions.append(cls)
        elif isinstance(cls, type) and issubclass(cls, Action):
            actions.append(cls)
        else:
            raise TypeError(f"the entry point {point.name} of {KINDS} is neither a condition nor an action")
    return BUILT_IN.extended(conditions, actions)


def _now() -> datetime:
    return datetime.now(UTC)
