"""How many wrong codes there were, in the database: neither a restart nor a lost Valkey gives a guesser new tries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter

from youhui.checkout.abuse import store
from youhui.checkout.abuse.model import Kind, Risk
from youhui.platform.db import Database
from youhui.platform.ratelimit import Rate, wait

FORGET = "forget_wrong_codes"


class WrongCodes:
    """`limits`: how many are allowed, by kind; `seconds`: how long one counts."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        limits: Mapping[Kind, int | None],
        seconds: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rates = {kind: Rate(count, seconds) for kind, count in limits.items() if count is not None}
        self._seconds = seconds

    def too_many(self, risk: Risk) -> tuple[Kind, int]:
        """Of what there were most, and the seconds until codes are looked at again: 0 is now. Raises Unavailable."""
        subjects = self._subjects(risk)
        period, into = divmod(self._clock().timestamp(), self._seconds)
        now = int(period)
        with self._database.reading() as connection:
            known = store.misses(connection, subjects.values(), now) if subjects else {}
        waits: dict[Kind, int] = {
            kind: wait(self._rates[kind], known.get((one, now), 0), known.get((one, now - 1), 0), into)
            for kind, one in subjects.items()
        }
        return max(waits.items(), key=itemgetter(1), default=("customer", 0))

    def add(self, risk: Risk) -> None:
        """One more. Raises Unavailable."""
        subjects = self._subjects(risk)
        if subjects:
            with self._database.writing() as connection:
                store.add_misses(connection, subjects.values(), self._period())

    def forget(self) -> None:
        """Removes what counts no more. Raises Unavailable."""
        with self._database.writing() as connection:
            store.forget_misses(connection, self._period() - 1)

    def _subjects(self, risk: Risk) -> Mapping[Kind, str]:
        return {kind: f"{kind}:{key}" for kind, key in risk.keys().items() if kind in self._rates}

    def _period(self) -> int:
        return int(self._clock().timestamp() // self._seconds)
