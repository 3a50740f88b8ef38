"""Codes of elsewhere: read as they come in, and written in chunks, each of which is one transaction.

A code that is there already, for the same template and with the same limits, is left as it is: a file that was broken
off is completed by sending it once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from youhui.coupons.codes import store
from youhui.coupons.codes.model import Code, NewCode
from youhui.coupons.codes.problems import fault
from youhui.coupons.codes.rules import read_row
from youhui.coupons.model import TEMPLATE_PREFIX
from youhui.platform.audit import amend, record
from youhui.platform.csvrows import Columns
from youhui.platform.db import Connection, Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault, Invalid, Unavailable
from youhui.platform.rows import Rejected, Rejections, Row, Rows, Written

CHUNK = 10_000
"""rows that are written in one transaction"""
TAKEN = ("code", "uses_limit", "per_customer")
ANSWERED = ("used", "state", "task_id", "created_at")
"""columns of an export that are passed over, so that one can be brought elsewhere as it is"""
COLUMNS = Columns(texts=frozenset((*TAKEN, *ANSWERED)))
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the rows: each was created, unchanged or rejected. `lines`: how many were read.

    `errors`: the faults of the first thousand rejected rows.
    """

    received: int
    created: int
    unchanged: int
    rejected: int
    lines: int
    errors: Sequence[Rejected]


class Line(NamedTuple):
    """A row, and the line on which it begins."""

    line: int
    new: NewCode


class _Plan(NamedTuple):
    """What a chunk comes to: new codes, and what is wrong with the codes of other rows."""

    new: Sequence[NewCode]
    rejected: Sequence[tuple[int, Fault]]


class Upload:
    """One stream of rows. Fed by one thread at a time; each call may wait for the database."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        template_id: int,
        how: Written,
        by: Principal,
        from_line: int = 1,
    ) -> None:
        self._database = database
        self._clock = clock
        self._template_id = template_id
        self._by = by
        self._rows = Rows(how, COLUMNS, from_line)
        self._waiting: list[Line] = []
        self._received = self._created = self._unchanged = 0
        self._rejections = Rejections()
        self._trace: int | None = None

    def feed(self, piece: bytes) -> None:
        """Takes a piece of the stream. Raises Invalid if it is none of rows, Unavailable."""
        for row in self._rows.feed(piece):
            self._take(row)

    def finish(self) -> Report:
        """Writes what is left at the end of the stream. Raises Invalid, Unavailable."""
        for row in self._rows.finish():
            self._take(row)
        self._write()
        return Report(
            received=self._received,
            created=self._created,
            unchanged=self._unchanged,
            rejected=self._rejections.rows,
            lines=self._rows.lines,
            errors=sorted(self._rejections.listed, key=lambda one: one.line),
        )

    def leave(self) -> None:
        """Whole chunks are written; the rest is left."""

    def _take(self, row: Row) -> None:
        self._received += 1
        try:
            new = _read(row)
        except Invalid as invalid:
            self._rejections.add(row.line, invalid.details)
            return
        self._waiting.append(Line(row.line, new))
        if len(self._waiting) >= CHUNK:
            self._write()

    def _write(self) -> None:
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        for _ in range(_TRIES):
            made = self._tried(lines)
            if made is not None:
                break
        else:
            raise Unavailable("others add the same codes at the same time")
        self._created += len(made.new)
        self._unchanged += len(lines) - len(made.new) - len(made.rejected)
        for line, wrong in made.rejected:
            self._rejections.add(line, [wrong])

    def _tried(self, lines: Sequence[Line]) -> _Plan | None:
        """None: someone else has added one of them meanwhile; nothing of ours is written."""
        try:
            with self._database.writing() as connection:
                made = plan(self._template_id, lines, store.some(connection, {one.new.key for one in lines}))
                store.add_all(connection, self._template_id, 0, self._clock(), made.new)
                if made.new:
                    self._trace = self._traced(connection, self._created + len(made.new))
        except store.Taken:
            return None
        return made

    def _traced(self, connection: Connection, created: int) -> int:
        """One entry in the audit log for all chunks of a stream."""
        after = {"created": created}
        if self._trace is None:
            name = f"{TEMPLATE_PREFIX}{self._template_id}"
            return record(connection, self._clock(), self._by, "code.import", name, after=after)
        amend(connection, self._trace, after)
        return self._trace


def plan(template_id: int, lines: Sequence[Line], there: Mapping[str, Code]) -> _Plan:
    """What rows come to against the codes that are there; of several for one code the first is taken."""
    known: dict[str, tuple[int, NewCode]] = {
        key: (one.template_id, _as_new(one)) for key, one in there.items()
    }
    new: list[NewCode] = []
    rejected: list[tuple[int, Fault]] = []
    for line, one in lines:
        owner, same = known.setdefault(one.key, (template_id, one))
        if same is one:
            new.append(one)
        elif owner != template_id:
            rejected.append((line, fault("code", "code_taken")))
        elif (same.uses_limit, same.per_customer) != (one.uses_limit, one.per_customer):
            rejected.append((line, fault("code", "code_differs")))
    return _Plan(new, rejected)


def _as_new(code: Code) -> NewCode:
    return NewCode(key=code.key, code=code.code, uses_limit=code.uses_limit, per_customer=code.per_customer)


def _read(row: Row) -> NewCode:
    """Raises Invalid."""
    unknown = [name for name in row.values if name not in TAKEN and name not in ANSWERED]
    faults = [*row.faults, *(fault(name[:60], "unknown_key") for name in unknown)]
    if faults:
        raise Invalid(faults)
    return read_row(row.values)
