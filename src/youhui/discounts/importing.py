"""Many discounts at once: rows read as they come in, and written in chunks, each of which is one transaction.

A row with a key makes the discount of that key what the row says: sending a file again changes nothing, and one that
was broken off is completed by sending it once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from youhui.discounts import values
from youhui.discounts.forms import WHOLE, draft, read_form
from youhui.discounts.model import KINDS, Discount, Draft, Kind
from youhui.discounts.problems import InvalidDiscount, fault
from youhui.discounts.service import Discounts, unknown_faults
from youhui.discounts.writing import Writing
from youhui.platform.csvrows import Columns
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault
from youhui.platform.rows import Rejected, Rejections, Row, Rows, Written

Outcome: TypeAlias = Literal["created", "updated", "unchanged"]

CHUNK = 500
"""rows that are written in one transaction …"""
CHUNK_IDS = 20_000
"""… or fewer, with so many ids in their lists"""
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
        self._waiting: list[tuple[int, Draft]] = []
        self._ids = 0
        self._received = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._rejections = Rejections()
        self._would_exist: set[str] = set()

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
        if not rows:
            return
        outcomes, rejected = self._discounts.write(
            self._by, lambda writing: self._put(writing, rows), dry_run=self._dry_run
        )
        self._outcomes += outcomes
        for line, faults in rejected:
            self._rejections.add(line, faults)

    def _known(self, rows: Sequence[tuple[int, Draft]]) -> list[tuple[int, Draft]]:
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

    def _put(
        self, writing: Writing, rows: Sequence[tuple[int, Draft]]
    ) -> tuple[Counter[Outcome], list[tuple[int, list[Fault]]]]:
        stored = dict(writing.by_key([new.key for _, new in rows if new.key is not None]))
        outcomes: Counter[Outcome] = Counter()
        rejected: list[tuple[int, list[Fault]]] = []
        for line, new in rows:
            old = None if new.key is None else stored.get(new.key)
            if old is not None and old.archived_at is not None:
                rejected.append((line, [fault("key", "archived")]))
                continue
            now, outcome = self._one(writing, old, new)
            outcomes[outcome] += 1
            if new.key is not None:
                stored[new.key] = now
        return outcomes, rejected

    def _one(self, writing: Writing, old: Discount | None, new: Draft) -> tuple[Discount, Outcome]:
        if old is not None:
            now = writing.replace(old, new)
            return now, "unchanged" if now is old else "updated"
        outcome: Outcome = "updated" if new.key in self._would_exist else "created"
        if self._dry_run and new.key is not None:
            self._would_exist.add(new.key)
        return writing.add(new), outcome


def _typed(cells: Mapping[str, object]) -> dict[str, object]:
    """The cells of CSV that are not texts, as JSON has them; what cannot be read stays for its fault."""
    typed = dict(cells)
    for key, cell in cells.items():
        if isinstance(cell, str) and WHOLE[key] is values.BOOLEAN:
            typed[key] = _FLAGS.get(cell.lower(), cell)
        elif isinstance(cell, str) and WHOLE[key] is values.INTEGER:
            typed[key] = values.whole(cell)
    return typed
