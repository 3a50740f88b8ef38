"""The coupons of carts (checkout's port Coupons), and what orders do with them (its port Holds)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from youhui.checkout.ports import CouponRule, Held, Move, Settled, Unusable, Wallet
from youhui.coupons import store
from youhui.coupons.model import TEMPLATE_PREFIX, Coupon, Template
from youhui.coupons.rules import limits_of, rule_of
from youhui.coupons.templates import store as templates
from youhui.coupons.templates.lookup import Lookup
from youhui.engine import Promotion
from youhui.platform.db import Connection, Database


class Coupons:
    """Finds the coupons of a cart: one query for them, and what is held in memory of their templates."""

    def __init__(self, database: Database, templates: Lookup) -> None:
        self._database = database
        self._templates = templates
        self._limits: dict[int, tuple[Template, Promotion]] = {}

    def wallet(
        self, coupons: Sequence[str] | None, customer: str | None, currency: str, at: datetime
    ) -> Wallet:
        """Those of these ids; None: all that the customer can use at this instant, at most MOST_IN_WALLET.

        Raises Unavailable.
        """
        return self._wallet(coupons, customer, currency, at, direct=False)

    def one(self, coupon: str, customer: str, currency: str, at: datetime) -> Wallet:
        """A single one, for a use without a cart. Raises Unavailable."""
        return self._wallet([coupon], customer, currency, at, direct=True)

    def _wallet(
        self,
        coupons: Sequence[str] | None,
        customer: str | None,
        currency: str,
        at: datetime,
        *,
        direct: bool,
    ) -> Wallet:
        found = self._usable(customer, currency, at) if coupons is None else self._some(coupons)
        known = self._templates.templates({one.template_id for one in found})
        terms = {one.terms_id: one.template_id for one in found}
        compiled = self._templates.compiled(terms, direct=direct)
        rules: dict[str, CouponRule] = {}
        unusable: dict[str, Unusable] = {}
        for one in found:
            template = known[one.template_id]
            promotion = compiled.get(one.terms_id)
            if promotion is None or one.customer != customer:
                continue  # unknown, as far as the caller is concerned
            why = why_not(one, template, currency, at)
            if why is None:
                rules[str(one.id)] = rule_of(
                    one.id, promotion, self.shared(template), one.starts_at, one.ends_at
                )
            elif coupons is not None:
                unusable[str(one.id)] = why
        named = rules.keys() if coupons is None else coupons
        for name in named:
            if name not in rules:
                unusable.setdefault(name, "unknown")
        return Wallet(tuple(rules.values()), unusable)

    def limits(self, name: str) -> Promotion | None:
        """What coupons share that the ledger knows by this name. Raises Unavailable."""
        ids = store.numbers([name.removeprefix(TEMPLATE_PREFIX)])
        template = self._templates.templates(ids).get(ids[0]) if ids else None
        return None if template is None else self.shared(template)

    def shared(self, template: Template) -> Promotion:
        """The limits of a template: the same object as long as it is the same template."""
        held = self._limits.get(template.id)
        if held is None or held[0] is not template:
            if len(self._limits) >= MOST:
                self._limits.clear()
            held = self._limits[template.id] = template, limits_of(template)
        return held[1]

    def _usable(self, customer: str | None, currency: str, at: datetime) -> list[Coupon]:
        """Of many alike, of which an order takes one, the first to end."""
        if customer is None:
            return []
        with self._database.reading() as connection:
            found = store.usable(connection, customer, currency, at)
        known = self._templates.templates({one.template_id for one in found})
        several = {id_ for id_, one in known.items() if one.terms.several_per_order}
        alike: dict[tuple[int, int], Coupon] = {}
        for one in found:
            alike.setdefault((one.terms_id, one.id if one.template_id in several else 0), one)
        return list(alike.values())

    def _some(self, ids: Sequence[str]) -> list[Coupon]:
        wanted = store.numbers(ids)
        if not wanted:
            return []
        with self._database.reading() as connection:
            found = {one.id: one for one in store.some(connection, wanted)}
        return [found[number] for number in wanted if number in found]


MOST = 4096
"""templates whose limits are held"""


def why_not(coupon: Coupon, template: Template, currency: str, at: datetime) -> Unusable | None:
    """Why a coupon is not even tried in a cart of this currency; None: it is."""
    status = coupon.status_at(at, template.voided_at)
    if status != "unused":
        return status
    if at < coupon.starts_at:
        return "not_started"
    return None if template.currency == currency else "other_currency"


def stored_limits(connection: Connection) -> Iterator[tuple[str, Promotion]]:
    """What the coupons of each template share, by what the ledger calls them, in the caller's transaction."""
    for template in templates.every(connection):
        shared = limits_of(template)
        yield shared.id, shared


class Holds:
    """What orders do with coupons, in their own transaction. `wake`: some were paid that a coupon may be given for."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self._gives = False
        self._due = False

    def refresh(self, database: Database) -> None:
        """After templates have changed. Raises Unavailable."""
        with database.reading() as connection:
            self._gives = store.gives_after_payment(connection)

    def holders(self, connection: Connection, ids: Collection[str]) -> Collection[str]:
        """The orders that hold one of these: without locks."""
        return store.holders(connection, ids)

    def lock(self, connection: Connection, ids: Collection[str], now: datetime) -> Mapping[str, Held]:
        """Those that are there, locked in the order of their ids."""
        return store.lock(connection, ids, now)

    def write(
        self, connection: Connection, moves: Sequence[Move], settled: Sequence[Settled], now: datetime
    ) -> None:
        """What became of them, and which orders are due for a gift."""
        store.write(connection, moves, now)
        if self._gives:
            paid = [one for one in settled if one.customer is not None and not one.complete]
            store.add_gifts(connection, paid, now)
        back = [one for one in settled if one.complete]
        if back:
            store.take_back_gifts(connection, back, now)
        self._due = self._due or self._gives or bool(back)

    def committed(self) -> None:
        """What was written last is there for everybody."""
        if self._due:
            self._due = False
            self._wake()
