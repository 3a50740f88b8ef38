"""What lint says: findings, each with witnesses that anyone can price again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

from youhui.conformance import summary
from youhui.engine import Options, Promotion, Quote, Ruleset, Usage, Used, encode_cart, encode_promotion
from youhui.engine.pricing import Reason
from youhui.lint.witness import Scene

Code: TypeAlias = Literal[
    "dead", "never_opens", "shadowed", "priority_collision", "free_order", "limit_never_binds"
]  # fmt: skip
Severity: TypeAlias = Literal["error", "warning", "notice"]

SEVERITY: Mapping[Code, Severity] = {
    "dead": "error",
    "never_opens": "error",
    "shadowed": "warning",
    "priority_collision": "warning",
    "free_order": "warning",
    "limit_never_binds": "notice",
}
"""every finding there is, in the order of the report"""

_ALL = Options(explain="all")
_UNUSED = Usage()


@dataclass(frozen=True, slots=True)
class Witness:
    """A case that shows a finding: its document with `expect`, and what becomes of the promotions concerned.

    `name` tells several witnesses of one finding apart ("as_listed", "swapped"). `reasons`: by promotion id, None where
    it is applied.
    """

    name: str
    case: Mapping[str, object]
    reasons: Mapping[str, Reason | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """`variant` and `params` choose and fill the sentence; `promotions` are ids, the one to blame first."""

    code: Code
    variant: str
    promotions: tuple[str, ...]
    params: Mapping[str, str]
    witnesses: tuple[Witness, ...] = field(repr=False)

    @property
    def severity(self) -> Severity:
        """How bad it is: an error never gives anything, a warning may cost money, a notice is only superfluous."""
        return SEVERITY[self.code]


def quoted(promotions: Sequence[Promotion], scene: Scene, usage: Usage = _UNUSED) -> Quote:
    """The scene priced with these promotions alone, in this order."""
    return Ruleset(promotions).price(scene.cart, usage, at=scene.at, options=_ALL)


def witness(
    name: str, promotions: Sequence[Promotion], scene: Scene, used: Mapping[str, Used] | None = None
) -> Witness:
    """The case of a scene, as the engine prices it. Exclusions of promotions that are not in it are left out."""
    used = used or {}
    mine = [_alone(promotion, promotions) for promotion in promotions]
    quote = quoted(mine, scene, Usage(used))
    currency = scene.cart.currency
    case = {
        "id": f"lint/{name}",
        "now": written(scene.at),
        **encode_cart(scene.cart),
        "promotions": [encode_promotion(p, currency, used.get(p.id)) for p in mine],
        "expect": summary(quote),
    }
    return Witness(name, case, {verdict.promotion: verdict.reason for verdict in quote.verdicts})


def written(at: datetime) -> str:
    """An instant in UTC as documents write it."""
    return at.isoformat().replace("+00:00", "Z")


def _alone(promotion: Promotion, others: Sequence[Promotion]) -> Promotion:
    known = {other.id for other in others}
    excludes = tuple(other for other in promotion.excludes if other in known)
    return promotion if excludes == promotion.excludes else replace(promotion, excludes=excludes)
