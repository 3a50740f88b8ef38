"""Days of the week and hours of the day, in a time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from typing import ClassVar

from youhui.engine.conditions.base import Condition
from youhui.engine.forms import Clock, Day, Misfit, Zone, zone_of
from youhui.engine.prices import Facts, Gap, Prices

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class TimeWindow(Condition):
    """The instant, as a wall clock in the zone, has `from` <= time < `until`, on one of `days` (absent: every day).

    `from` > `until` goes over midnight; the part after midnight belongs to the day before. The zone is loaded when
    the condition is made, so that asking it does no I/O.
    """

    kind: ClassVar[str] = "time_window"

    days: tuple[Day, ...] | None = None
    from_: Clock = 0
    until: Clock = 1440
    timezone: Zone = "UTC"
    _zone: tzinfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.from_ == self.until or self.from_ == 1440:
            raise Misfit("from", "earlier than 24:00 and not the same as until")
        object.__setattr__(self, "_zone", zone_of(self.timezone))

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether the window is open at the instant of the quote."""
        clock = facts.at.astimezone(self._zone)
        minute, day = clock.hour * 60 + clock.minute, clock.weekday()
        if self.from_ < self.until:
            if not self.from_ <= minute < self.until:
                return False
        elif minute < self.until:
            day = (day - 1) % 7
        elif minute < self.from_:
            return False
        return self.days is None or DAYS[day] in self.days

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """The window, and the day and time in its zone."""
        clock = facts.at.astimezone(self._zone)
        hours = "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (self.from_, self.until))
        days = ",".join(self.days) if self.days is not None else ",".join(DAYS)
        return Gap(self.kind, f"{days} {hours} {self.timezone}", f"{DAYS[clock.weekday()]} {clock:%H:%M}")
