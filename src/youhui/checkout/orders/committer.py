"""The committer of orders: one thread that decides their commands together (see `platform.committing`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from youhui.checkout.orders.batch import decide_all
from youhui.checkout.orders.commands import AnyCommand, Done
from youhui.checkout.orders.model import Key, Numbers
from youhui.checkout.ports import Holds
from youhui.platform.committing import TOGETHER, WAITING, Committing, Observed
from youhui.platform.db import Database

Published = Callable[[Mapping[Key, Numbers]], None]


class Committer(Committing[AnyCommand, Done]):
    """Decides the commands of one process.

    `clock`: None is the database's. `published` is told of the numbers of counters after each commit, `observed` of the
    size of each batch and its seconds; both in the committer's thread. `holds`: what else orders take.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] | None = None,
        published: Published = lambda numbers: None,
        observed: Observed = lambda size, seconds: None,
        holds: Holds | None = None,
        waiting: int = WAITING,
        together: int = TOGETHER,
    ) -> None:
        super().__init__(
            database,
            lambda connection, commands: decide_all(connection, commands, clock, holds),
            name="committer",
            published=published,
            observed=observed,
            waiting=waiting,
            together=together,
        )
