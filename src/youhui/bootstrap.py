"""Puts the service together: the only place that knows every capability and every adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points

from youhui.checkout.quoting import Quoting
from youhui.checkout.requests import Requests
from youhui.engine import BUILT_IN, Registry
from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.platform import migrate
from youhui.platform.db import Database
from youhui.platform.settings import Settings
from youhui.promotions.service import Promotions, StoredRules

Clock = Callable[[], datetime]

KINDS = "youhui.kinds"
"""the group of entry points under which other packages name their conditions and actions, one class each"""


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that a process runs on."""

    settings: Settings
    clock: Clock
    registry: Registry
    database: Database
    quoting: Quoting
    requests: Requests
    promotions: Promotions

    def start(self) -> None:
        """Brings the database up to date, loads the rules and follows them. Raises Unavailable."""
        migrate.upgrade(self.database)
        self.quoting.start()

    def stop(self) -> None:
        """Lets go of threads and connections."""
        self.quoting.stop()
        self.database.close()


def service(settings: Settings, clock: Clock | None = None) -> Service:
    """The service as these settings say; `clock` is the system's, in UTC."""
    tell = clock or _now
    registry = kinds()
    database = Database(settings.database_url)
    quoting = Quoting(StoredRules(database, registry))
    return Service(
        settings,
        tell,
        registry,
        database,
        quoting,
        Requests(settings.strategy),
        Promotions(database, tell, quoting.notice),
    )


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
