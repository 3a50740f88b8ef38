"""Many rows at once: read as they come in, and written in chunks, each of which is one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from youhui.checkout.store import Source, next_version, read_versions
from youhui.directory import store
from youhui.directory.model import MOST_CATEGORIES, Category, Entry, Kind
from youhui.directory.problems import fault
from youhui.directory.rules import COLUMNS, Patch, Unfit, patched, read_patch, same, spoilers
from youhui.platform.db import Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault, Invalid
from youhui.platform.rows import Rejected, Rejections, Row, Rows, Written

Outcome: TypeAlias = Literal["created", "updated", "unchanged", "deleted"]

CHUNK = 5_000
"""rows that are written in one transaction; of categories all are, for they must make a tree together"""
_CHANGING: tuple[Outcome, ...] = ("created", "updated", "deleted")
_QUIET = timedelta(seconds=1)
"""between two looks of this process at what an import has changed"""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the rows: each was created, updated, unchanged, deleted or rejected. `lines`: how many were read.

    `next_line`: where to begin again if the stream was broken off; all rows before it are written or rejected.
    `errors`: the faults of the first thousand rejected rows.
    """

    received: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    rejected: int
    lines: int
    next_line: int
    errors: Sequence[Rejected]


@dataclass(slots=True)
class Plan:
    """What a chunk comes to, against what is stored: changes by id, and what became of each row."""

    changes: dict[str, tuple[Entry | None, Entry | None]] = field(default_factory=dict)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    rejected: list[tuple[int, Sequence[Fault]]] = field(default_factory=list)


def plan(kind: Kind, stored: Mapping[str, Entry], patches: Sequence[Patch]) -> Plan:
    """What the patches come to against what is stored: entries of their ids, or the whole tree of categories."""
    return _plan_tree(stored, patches) if kind == "categories" else _plan(kind, stored, patches)


def _plan(kind: Kind, stored: Mapping[str, Entry], patches: Sequence[Patch]) -> Plan:
    """Applies the patches in their order; of several for one id the last wins."""
    made = Plan()
    now: dict[str, Entry | None] = {}
    for patch in patches:
        before = now[patch.id] if patch.id in now else stored.get(patch.id)
        try:
            after = None if patch.delete else patched(kind, before, patch)
        except Unfit as unfit:
            made.rejected.append((patch.line, unfit.faults))
            continue
        made.outcomes[_outcome(before, after)] += 1
        now[patch.id] = after
    made.changes = {
        id_: (stored.get(id_), after) for id_, after in now.items() if not same(stored.get(id_), after)
    }
    return made


def _plan_tree(stored: Mapping[str, Entry], patches: Sequence[Patch]) -> Plan:
    """What would spoil the tree is rejected, until the rest makes one."""
    rejected: list[tuple[int, Sequence[Fault]]] = []
    while True:
        made = _plan("categories", stored, patches)
        after = {**stored, **{id_: entry for id_, (_, entry) in made.changes.items()}}
        parents = {id_: entry.parent for id_, entry in after.items() if isinstance(entry, Category)}
        if len(parents) > max(MOST_CATEGORIES, len(stored)):
            raise Invalid([fault("", "too_many_categories", most=MOST_CATEGORIES)])
        spoiled = spoilers(parents, made.changes.keys())
        if not spoiled:
            made.rejected += rejected
            return made
        rejected += [(patch.line, [spoiled[patch.id]]) for patch in patches if patch.id in spoiled]
        patches = [patch for patch in patches if patch.id not in spoiled]


def _outcome(before: Entry | None, after: Entry | None) -> Outcome:
    if same(before, after):
        return "unchanged"
    if before is None:
        return "created"
    return "deleted" if after is None else "updated"


class Upload:
    """One stream of rows. Fed by one thread at a time; each call may wait for the database."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        kind: Kind,
        how: Written,
        by: Principal,
        currency: str,
        from_line: int = 1,
        told: Callable[[Rejected], None] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed
        self._kind: Kind = kind
        self._by = by
        self._currency = currency
        self._rows = Rows(how, COLUMNS[kind], from_line)
        self._size = MOST_CATEGORIES + 1 if kind == "categories" else CHUNK
        self._waiting: list[Patch] = []
        self._received = 0
        self._next_line = from_line
        self._outcomes: Counter[Outcome] = Counter()
        self._rejections = Rejections(told)
        self._trace: int | None = None
        self._unseen = False
        self._seen_at = clock()

    @property
    def report(self) -> Report:
        """What became of the rows so far."""
        return Report(
            received=self._received,
            **{name: self._outcomes[name] for name in ("created", "updated", "unchanged", "deleted")},
            rejected=self._rejections.rows,
            lines=self._rows.lines,
            next_line=self._next_line,
            errors=sorted(self._rejections.listed, key=lambda one: one.line),
        )

    def feed(self, piece: bytes) -> None:
        """Takes a piece of the stream. Raises Invalid if it is none of rows, Unavailable."""
        for row in self._rows.feed(piece):
            self._take(row)

    def finish(self) -> Report:
        """Writes what is left at the end of the stream. Raises Invalid, Unavailable."""
        for row in self._rows.finish():
            self._take(row)
        self._write()
        self._next_line = self._rows.lines + 1
        return self.report

    def leave(self) -> None:
        """Makes what was written seen by this process: to be called last, also if the stream was broken off."""
        if self._unseen:
            self._unseen = False
            self._seen_at = self._clock()
            self._changed()

    def _take(self, row: Row) -> None:
        self._received += 1
        if row.faults:
            self._rejections.add(row.line, row.faults)
            return
        try:
            patch = read_patch(self._kind, row.line, row.values, self._currency)
        except Unfit as unfit:
            self._rejections.add(row.line, unfit.faults)
            return
        self._waiting.append(patch)
        if len(self._waiting) >= self._size:
            self._write()

    def _write(self) -> None:
        patches, self._waiting = self._waiting, []
        if not patches:
            return
        ids = {patch.id for patch in patches}
        with self._database.reading() as connection:
            version = read_versions(connection)[Source.DIRECTORY]
            stored = store.beside(connection, self._kind, ids)
        made = plan(self._kind, stored, patches)
        if made.changes:  # what changes nothing takes no lock and no version
            made = self._write_changes(patches, ids, version, made)
        self._outcomes += made.outcomes
        for line, faults in made.rejected:
            self._rejections.add(line, faults)
        self._next_line = patches[-1].line + 1
        if self._clock() - self._seen_at >= _QUIET:
            self.leave()

    def _write_changes(
        self, patches: Sequence[Patch], ids: Collection[str], version: int, made: Plan
    ) -> Plan:
        """`made` is against what was stored at this version or later."""
        with self._database.writing() as connection:
            if next_version(connection, Source.DIRECTORY) != version + 1:
                # Someone else wrote meanwhile; from here on nobody does.
                made = plan(self._kind, store.beside(connection, self._kind, ids), patches)
            store.write(connection, self._kind, made.changes)
            done = self._outcomes + made.outcomes
            trace = store.trace(
                connection, self._trace, self._clock(), self._by, self._kind,
                {name: done[name] for name in _CHANGING},
            )  # fmt: skip
        self._trace, self._unseen = trace, True
        return made
