"""What is sent to make or change a template: read with every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, cast

from msgspec.structs import replace

from youhui.checkout.problems import invalid
from youhui.checkout.values import amount, currency_code, flag, instant, shop_id, shop_ids, text, whole
from youhui.coupons.model import WAYS, Audience, Gift, Terms, Type, Validity, Way
from youhui.coupons.rules import read_documents
from youhui.coupons.templates.model import Draft
from youhui.coupons.templates.problems import InvalidTemplate, fault
from youhui.coupons.templates.rules import GIVEN
from youhui.coupons.templates.schemas import ANSWERED, FIELDS
from youhui.coupons.templates.values import (
    Keys,
    between,
    choice,
    mapping,
    objects,
    percent_paid,
    title,
    words,
    zone,
)
from youhui.engine import InvalidDocument, Registry
from youhui.engine.forms import LARGEST, Base
from youhui.engine.money import format_amount
from youhui.engine.promotion import GiveBack
from youhui.platform.problems import Fault

ValueType: TypeAlias = Literal["amount", "percent"]
Money: TypeAlias = Callable[[object], int]

KNOWN = frozenset({*FIELDS, *ANSWERED})

USUAL_WAYS: frozenset[Way] = frozenset({"claim", "push", "code"})
"""of a template that names none: the others give coupons by themselves"""
MOST_CUSTOMERS = 100_000
MOST_DAYS = 3650
MOST_UNITS = 1_000_000
LONGEST_REASON = 200
_COUNT = between(1, LARGEST)
_OF_TYPE: Mapping[Type, frozenset[str]] = {
    "discount": frozenset({"value", "max_discount"}),
    "shipping": frozenset({"value"}),
    "gift": frozenset({"gift"}),
}


class Usual(NamedTuple):
    """Of a template that names none."""

    currency: str
    time_zone: str


def read_draft(document: object, usual: Usual, registry: Registry, *, listed: bool = False) -> Draft:
    """The template that was sent. `listed`: it has a list of customers already, which may be left out.

    Raises InvalidTemplate, with every fault.
    """
    faults: list[Fault] = []
    keys = Keys(mapping_of(document), faults)
    name = _name(keys)
    currency = keys.read("currency", currency_code, usual.currency)
    terms = _terms(keys, partial(amount, currency=currency), usual.time_zone)
    faults += _document_faults(terms, currency, registry)
    draft = _draft(keys, name, currency, terms, listed)
    _check(keys, draft)
    keys.only(KNOWN)
    if faults:
        raise InvalidTemplate(faults)
    return draft


def _name(keys: Keys) -> str:
    found = keys.read("name", title, None)
    if found == "" or not keys.sent("name"):
        keys.missing("name")
    return found or ""


def mapping_of(document: object) -> Mapping[str, object]:
    """The object that was sent. Raises InvalidTemplate."""
    if not isinstance(document, dict):
        raise InvalidTemplate([fault("", "not_object")])
    return document


def _document_faults(terms: Terms, currency: str, registry: Registry) -> tuple[Fault, ...]:
    try:
        read_documents(terms, currency, registry)
    except InvalidDocument as error:
        return invalid(error.problems).details
    return ()


# -- terms


def _terms(keys: Keys, money: Money, time_zone: str) -> Terms:
    type_ = cast("Type", keys.read("type", choice(Type), "discount"))
    terms = Terms(
        type=type_,
        min_amount=keys.read("min_amount", money, 0),
        min_quantity=keys.read("min_quantity", between(0, MOST_UNITS), 0),
        threshold_of=cast("Base", keys.read("threshold_of", choice(Base), "original")),
        scope=keys.read("scope", mapping, None),
        conditions=keys.read("conditions", objects, ()),
        priority=keys.read("priority", whole, 0),
        combines_with_coupons=keys.read("combines_with_coupons", flag, False),
        several_per_order=keys.read("several_per_order", flag, False),
        combines_with_promotions=keys.read("combines_with_promotions", flag, True),
        excludes_tags=keys.read("excludes_tags", words, ()),
        skip_lines_of_tags=keys.read("skip_lines_of_tags", words, ()),
        validity=_validity(keys),
        time_zone=keys.read("time_zone", zone, time_zone),
        check_scope=keys.read("check_scope", flag, True),
        give_back=cast("GiveBack", keys.read("give_back", choice(GiveBack), "full_refund")),
    )
    return _giving(keys, terms, money)


def _giving(keys: Keys, terms: Terms, money: Money) -> Terms:
    """With what it gives."""
    percent = keys.read("value_type", choice(ValueType), "amount") == "percent"
    foreign = [key for key in GIVEN if key not in _OF_TYPE[terms.type] and keys.sent(key)]
    for key in [*foreign, *(["value_type"] if percent and terms.type != "discount" else [])]:
        keys.wrong(key, "not_of_type", type=terms.type)
    if terms.type == "gift":
        keys.need("gift")
        return replace(terms, gift=_gift(keys.object("gift"), money))
    if terms.type == "shipping":
        return replace(terms, amount=_some(keys, "value", money))
    keys.need("value")
    if percent:
        paid = keys.read("value", percent_paid, None)
        return replace(terms, percent_paid=paid, max_discount=_some(keys, "max_discount", money))
    if keys.sent("max_discount"):
        keys.wrong("max_discount", "only_of_percent")
    return replace(terms, amount=_some(keys, "value", money))


def _some(keys: Keys, key: str, money: Money) -> int | None:
    """An amount of more than nothing."""
    found = keys.read(key, money, None)
    if found == 0:
        keys.wrong(key, "nothing")
    return found


def _gift(keys: Keys | None, money: Money) -> Gift | None:
    if keys is None:
        return None
    keys.only(("sku", "quantity", "value"))
    keys.need("sku")
    return Gift(
        sku=keys.read("sku", shop_id, ""),
        quantity=keys.read("quantity", between(1, MOST_UNITS), 1),
        value=keys.read("value", money, 0),
    )


def _validity(keys: Keys) -> Validity:
    expires = keys.read("expire_at", instant, None)
    valid = keys.object("valid")
    if valid is None:
        if not keys.sent("expire_at"):
            keys.need("valid")
        return Validity(ends_at=expires)
    valid.only(("starts_at", "ends_at", "days", "begins"))
    found = Validity(
        starts_at=valid.read("starts_at", instant, None),
        ends_at=valid.read("ends_at", instant, expires),
        days=valid.read("days", between(1, MOST_DAYS), None),
        begins=cast("Literal['issue', 'next_day']", valid.read("begins", choice(_Begins), "issue")),
    )
    _check_validity(keys, valid, found, expires)
    return found


_Begins: TypeAlias = Literal["issue", "next_day"]


def _check_validity(keys: Keys, valid: Keys, found: Validity, expires: datetime | None) -> None:
    fixed = valid.sent("ends_at") or valid.sent("starts_at") or keys.sent("expire_at")
    if fixed and valid.sent("days"):
        valid.wrong("days", "one_of_two")
    elif not valid.sent("days") and not valid.sent("ends_at") and not keys.sent("expire_at"):
        valid.need("ends_at")
    if valid.sent("begins") and found.begins != "issue" and not valid.sent("days"):
        valid.wrong("begins", "only_with_days")
    if expires and found.ends_at and expires != found.ends_at:
        keys.wrong("expire_at", "two_ends")
    if found.starts_at and found.ends_at and found.starts_at >= found.ends_at:
        valid.wrong("ends_at", "not_after")


# -- how it is issued


def _draft(keys: Keys, name: str, currency: str, terms: Terms, listed: bool) -> Draft:
    money: Money = partial(amount, currency=currency)
    audience, groups, customers = _audience(keys.object("audience"), listed)
    return Draft(
        name=name,
        currency=currency,
        terms=terms,
        ways=_ways(keys),
        audience=audience,
        groups=groups,
        customers=customers,
        total=keys.read("total", _COUNT, None),
        per_customer=keys.read("per_customer", _COUNT, None),
        per_customer_per_day=keys.read("per_customer_per_day", _COUNT, None),
        claim_from=keys.read("claim_from", instant, None),
        claim_until=keys.read("claim_until", instant, None),
        budget=_some(keys, "budget", money),
        usage_limit=keys.read("usage_limit", _COUNT, None),
        payment_from=keys.read("payment_from", money, None),
    )


def _ways(keys: Keys) -> frozenset[Way]:
    sent = keys.read("ways", words, None)
    if sent is None:
        return USUAL_WAYS
    for i, way in enumerate(sent):
        if way not in WAYS:
            keys.wrong(f"ways[{i}]", "not_choice", choices=", ".join(WAYS))
    if not sent:
        keys.missing("ways")
    return frozenset(cast("tuple[Way, ...]", sent))


def _audience(keys: Keys | None, listed: bool) -> tuple[Audience, tuple[str, ...], frozenset[str] | None]:
    if keys is None:
        return "all", (), frozenset()
    keys.only(("kind", "groups", "customers", "count"))
    kind = cast("Audience", keys.read("kind", choice(Audience), "all"))
    groups = keys.read("groups", words, ()) if kind == "groups" else ()
    if kind == "groups" and not groups:
        keys.missing("groups")
    if kind != "list":
        return kind, groups, frozenset()
    customers = keys.read("customers", partial(shop_ids, most=MOST_CUSTOMERS), None)
    if listed and not keys.sent("customers"):
        return kind, (), None
    if customers == () or not keys.sent("customers"):
        keys.missing("customers")
    return kind, (), frozenset(customers or ())


def _check(keys: Keys, draft: Draft) -> None:
    """What each is right but does not go together."""
    if draft.claim_from and draft.claim_until and draft.claim_from >= draft.claim_until:
        keys.wrong("claim_until", "not_after")
    limit = draft.per_customer
    if limit and draft.total and draft.total < limit:
        keys.wrong("total", "below_per_customer", per_customer=limit)
    if limit and draft.per_customer_per_day and draft.per_customer_per_day > limit:
        keys.wrong("per_customer_per_day", "above_per_customer", per_customer=limit)
    if draft.budget and draft.terms.amount and draft.budget < draft.terms.amount:
        keys.wrong("budget", "below_value", value=format_amount(draft.terms.amount, draft.currency))
    if "payment" in draft.ways:
        keys.need("payment_from")


def read_reason(document: object) -> str:
    """Why something is voided; "" if nobody says. Raises InvalidTemplate."""
    faults: list[Fault] = []
    keys = Keys(mapping_of(document), faults)
    keys.only(("reason",))
    reason = keys.read("reason", partial(text, most=LONGEST_REASON), "")
    if faults:
        raise InvalidTemplate(faults)
    return reason
