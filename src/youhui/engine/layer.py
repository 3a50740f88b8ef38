"""A few promotions compiled by themselves, to be laid over a ruleset: those of one customer, of one cart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from youhui.engine.index import Index
from youhui.engine.promotion import Promotion
from youhui.engine.rule import Rule, by_id

LATER = 2**40
"""the place of a layer's first promotion in the list: no ruleset is that long"""


class Layer:
    """Promotions in list order, after all promotions of whatever ruleset they are laid over. Immutable.

    Compiled once, it may be laid over many rulesets. Raises ValueError if an id is used twice.
    """

    __slots__ = ("_digest", "index", "rules")

    def __init__(self, promotions: Iterable[Promotion] = ()) -> None:
        rules = [Rule(promotion, place) for place, promotion in enumerate(promotions, LATER)]
        self.rules = by_id(rules)
        """in list order"""
        self.index = Index(rules)
        self._digest: bytes | None = None

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def digest(self) -> bytes:
        """A hash of all terms in list order."""
        if self._digest is None:
            digests = b"".join([rule.digest for rule in self.rules.values()])
            self._digest = hashlib.sha256(digests).digest()
        return self._digest
