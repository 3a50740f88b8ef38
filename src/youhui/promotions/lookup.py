"""The promotions as rules that carts are priced with."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

import structlog

from youhui.checkout.ports import Changes, Rule
from youhui.checkout.store import Source, read_versions
from youhui.engine import InvalidDocument, Promotion, Registry
from youhui.platform.db import Connection, Database
from youhui.promotions import store
from youhui.promotions.model import StoredPromotion
from youhui.promotions.rules import rules_of

_AT_ONCE = 500
"""promotions that are read together"""

_log = structlog.get_logger()


class StoredRules:
    """The promotions as a source of rules (checkout's port).

    Drafts are left out. What is paused or closed stays, not active: unpaid orders may have its limits.
    """

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    def version(self) -> int:
        """The version of all stored rules. Raises Unavailable."""
        with self._database.reading() as connection:
            return read_versions(connection)[Source.PROMOTIONS]

    def changes(self, known: Mapping[str, Rule]) -> Changes:
        """What differs from the rules that are known, by their versions. Raises Unavailable."""
        with self._database.reading() as connection:
            versions = store.versions(connection)
            held = {promotion_of(name, versions): rule.version for name, rule in known.items()}
            newer = [name for name, version in versions.items() if held.get(name) != version]
            rows = store.some(connection, newer)
        found = [rule for row in rows for rule in readable_rules(row, self._registry)]
        changed = tuple(
            sorted(found, key=lambda rule: rule.position)
        )  # of one edit in the order of their numbers
        left = versions.keys() - set(newer)
        fresh = {rule.promotion.id for rule in changed}
        removed = [name for name in known if name not in fresh and promotion_of(name, versions) not in left]
        return Changes(changed, tuple(removed))

    def terms(self, connection: Connection) -> Iterator[tuple[str, Promotion | None]]:
        """The rules of all stored promotions in the caller's transaction; None for one that cannot be read."""
        names = store.names(connection)
        for start in range(0, len(names), _AT_ONCE):
            for row in store.some(connection, names[start : start + _AT_ONCE]):
                found = {rule.promotion.id: rule.promotion for rule in readable_rules(row, self._registry)}
                yield from ((name, found.get(name)) for name in row.rule_ids())


def promotion_of(rule: str, promotions: Container[str]) -> str:
    """The promotion that a rule is of: its own id, or that before the number of a flash sale's rule."""
    return rule if rule in promotions else rule.rpartition("#")[0]


def readable_rules(row: StoredPromotion, registry: Registry) -> list[Rule]:
    """One promotion that cannot be read must not stop the pricing by all others."""
    try:
        return rules_of(row, registry)
    except InvalidDocument as error:
        _log.error("promotion left out", promotion=row.id, problems=str(error))
        return []
