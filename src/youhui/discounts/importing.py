"""Many discounts at once: rows read as they come in, and written in chunks, each of which is one transaction.

A row with a key makes the discount of that key what the row says: sending a file again changes nothing, and one that
was broken off is completed by sending it once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from youhui.discounts import values
from youhui.discounts.forms import WHOLE, draft, read_form
from youhui.discounts.model import KINDS, Draft, Kind
from youhui.discounts.problems import InvalidDiscount, fault
from youhui.discounts.service import Discounts, unknown_faults
from youhui.discounts.writing import Stored, Writing
from youhui.platform.csvrows import Columns
from youhui.platform.principals import Principal
from youhui.platform.rows import Rejected, Rejections, Row, Rows, Written

Outcome: TypeAlias = Literal["created", "updated", "unchanged"]
Numbered: TypeAlias = tuple[int, Draft]
"""a row that was read, and its line"""

CHUNK = 500
"""rows that are written in one transaction …"""
CHUNK_IDS = 20_000
"""… or fewer, with so many ids in their lists"""
STORED_IDS = 200_000
"""… or with so many ids in the lists of the discounts that they change"""
COLUMNS = Columns(
    texts=frozenset(key for key, field in WHOLE.items() if field is not values.IDS),
    lists=frozenset(key for key, field in WHOLE.items() if field is values.IDS),
)
_FLAGS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the rows: each was created, updated, unchanged or rejected. `lines`: how many were read.

    `errors`: the faults of the first thousand rejected rows.
    """

    received: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    lines: int
    dry_run: bool
    errors: Sequence[Rejected]


class Importing:
    """One stream of rows. Fed by one thread at a time; each call may wait for the database."""

    def __init__(
        self,
        discounts: Discounts,
        currency: str,
        how: Written,
        by: Principal,
        *,
        dry_run: bool = False,
        from_line: int = 1,
    ) -> None:
        self._discounts = discounts
        self._currency = currency
        self._how = how
        self._by = by
        self._dry_run = dry_run
        self._rows = Rows(how, COLUMNS, from_line)
        self._waiting: list[Numbered] = []
        self._ids = 0
        self._received = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._rejections = Rejections()
        self._would_be: dict[str, int] = {}

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
            created=self._outcomes["created"],
            updated=self._outcomes["updated"],
            unchanged=self._outcomes["unchanged"],
            rejected=self._rejections.rows,
            lines=self._rows.lines,
            dry_run=self._dry_run,
            errors=sorted(self._rejections.listed, key=lambda one: one.line),
        )

    def leave(self) -> None:
        """Whole chunks are written; the rest is left."""

    def _take(self, row: Row) -> None:
        self._received += 1
        if row.faults:
            self._rejections.add(row.line, row.faults)
            return
        document = _typed(row.values) if self._how.format == "csv" else row.values
        try:
            new = draft(read_form(document, WHOLE), self._currency)
        except InvalidDiscount as invalid:
            self._rejections.add(row.line, invalid.details)
            return
        self._waiting.append((row.line, new))
        self._ids += sum(map(len, new.scope.lists.values()))
        if len(self._waiting) >= CHUNK or self._ids >= CHUNK_IDS:
            self._write()

    def _write(self) -> None:
        rows, self._waiting, self._ids = self._known(self._waiting), [], 0
        for portion in self._portions(rows):
            plan = self._discounts.write(self._by, partial(self._put, portion))
            self._outcomes += plan.outcomes
            for line in plan.archived:
                self._rejections.add(line, [fault("key", "archived")])

    def _known(self, rows: Sequence[Numbered]) -> list[Numbered]:
        """Those that name only what the directory knows; asked of it for all of them at once."""
        named: dict[Kind, set[str]] = {kind: set() for kind in KINDS}
        for _, new in rows:
            for kind, ids in new.scope.lists.items():
                named[kind] |= ids
        unknown = self._discounts.unknown(named)
        known = []
        for line, new in rows:
            faults = unknown_faults({kind: ids & new.scope.lists[kind] for kind, ids in unknown.items()})
            if faults:
                self._rejections.add(line, faults)
            else:
                known.append((line, new))
        return known

    def _portions(self, rows: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
        """So that the stored lists that are compared at once are not too long for the memory."""
        if not rows:
            return
        lengths = self._discounts.lengths(_keys(rows))
        begin = ids = 0
        for at, (_, new) in enumerate(rows):
            length = lengths.get(new.key or "", 0)
            if ids and ids + length > STORED_IDS:
                yield rows[begin:at]
                begin, ids = at, 0
            ids += length
        yield rows[begin:]

    def _put(self, rows: Sequence[Numbered], writing: Writing) -> Plan:
        stored = writing.stored(_keys(rows))
        made = plan(rows, stored, self._would_be)
        if self._dry_run:
            self._would_be |= {new.key: hash(new) for new in made.now if new.key is not None}
        else:
            writing.bring(
                [new for new in made.now if new.key not in stored],
                [(stored[new.key], new) for new in made.now if new.key in stored],
            )
        return made


@dataclass(frozen=True, slots=True)
class Plan:
    """What rows come to: what became of each, the lines of those that are for archived ones, and the last draft for
    each key.
    """

    outcomes: Counter[Outcome]
    archived: Sequence[int]
    now: Sequence[Draft]


def plan(rows: Sequence[Numbered], stored: Mapping[str, Stored], would_be: Mapping[str, int]) -> Plan:
    """Against what is stored by key, and in a dry run also against (the hashes of) what rows before would have made."""
    known = {**{key: hash(one.draft) for key, one in stored.items()}, **would_be}
    archived = {key for key, one in stored.items() if one.draft is None}
    outcomes: Counter[Outcome] = Counter()
    now: dict[str | int, Draft] = {}
    for line, new in rows:
        if new.key in archived:
            continue
        name = line if new.key is None else new.key
        was = hash(now[name]) if name in now else known.get(new.key or "")
        outcomes["created" if was is None else "unchanged" if was == hash(new) else "updated"] += 1
        now[name] = new
    return Plan(outcomes, [line for line, new in rows if new.key in archived], list(now.values()))


def _keys(rows: Sequence[Numbered]) -> list[str]:
    return list({new.key for _, new in rows if new.key is not None})


def _typed(cells: Mapping[str, object]) -> dict[str, object]:
    """The cells of CSV that are not texts, as JSON has them; what cannot be read stays for its fault."""
    typed = dict(cells)
    for key, cell in cells.items():
        if isinstance(cell, str) and WHOLE[key] is values.BOOLEAN:
            typed[key] = _FLAGS.get(cell.lower(), cell)
        elif isinstance(cell, str) and WHOLE[key] is values.INTEGER:
            typed[key] = values.from_cell(cell)
    return typed
