"""Between the document that a merchant sends, the row that is stored, and the rules that carts are priced with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast, get_args

from youhui.checkout.ports import Rule
from youhui.checkout.requests import id_text
from youhui.checkout.values import Wrong, amount
from youhui.engine import InvalidDocument, Problem, Promotion, Registry, decode_promotion, encode_promotion
from youhui.engine.forms import Misfit
from youhui.engine.money import format_amount, is_currency
from youhui.engine.reading import Reader
from youhui.promotions.forms import FORMS
from youhui.promotions.model import Part, Status, StoredPromotion, Type

COUNTED = ("used", "held", "budget_used", "budget_held", "units_used", "units_held", "units_left")
"""keys of answers that say what orders took"""
ANSWERED = ("state", "version", "created_at", "updated_at", *COUNTED, "windows")
"""keys that answers have and requests need not leave out, so that what was read can be sent back"""
BESIDE = ("type", "status", "currency", "confirm")
"""keys of a document that are not of its rule or form"""

_ID = re.compile(r"\w[^\s,/\\\x00-\x1f\x7f]{0,63}")
_NOTHING = re.compile(r"0(\.0{1,3})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAME = 100
RESERVED = ("discount:", "coupon:", "coupon-template:")
"""how the ids of rules begin that other capabilities make"""
ADDRESSES = frozenset({"active", "templates"})
"""which are addresses of something else"""
LONGEST_OF_FORM = 60
"""the rules of a flash sale have a number behind its id"""
_MONEY = frozenset({"price", "amount", "cap", "min_amount", "value", "budget"})
_IDS = frozenset({"id", "product", "sku"})


@dataclass(frozen=True, slots=True)
class Terms:
    """A promotion that was sent, read and found right.

    `rules`: by what each is of (`forms.Campaign.rules`). `status` and `active`: as they were asked for, if they were.
    """

    id: str
    type: Type
    rules: Mapping[str, Promotion]
    currency: str
    form: Mapping[str, object] | None = None
    status: Status | None = None
    active: bool | None = None

    @property
    def first_status(self) -> Status:
        """Of a new one: a rule is published at once, a form is a draft, if nothing else was said."""
        if self.status is not None:
            return self.status
        if self.active is False:
            return "paused"
        return "published" if self.type == "rule" else "draft"

    def status_after(self, status: Status) -> Status:
        """A change keeps the status; `active` of a free rule pauses it and lets it run again."""
        if self.active is None or status not in ("published", "paused"):
            return status
        return "published" if self.active else "paused"

    @property
    def promotion(self) -> Promotion:
        """Its rule, or the first of them: they differ in their product only."""
        return next(iter(self.rules.values()))

    def stored(
        self,
        *,
        position: int,
        version: int,
        created_at: datetime,
        at: datetime,
        status: Status = "published",
        before: Sequence[Part] = (),
    ) -> StoredPromotion:
        """Its row, last changed at this version and instant. `before`: the rules that a flash sale had."""
        rule = self.promotion
        return StoredPromotion(
            id=self.id,
            name=rule.name,
            type=self.type,
            status=status,
            currency=self.currency,
            priority=rule.priority,
            lane=rule.lane,
            valid_from=_instant(rule.valid_from),
            valid_until=_instant(rule.valid_until),
            document=self._document(before, version),
            form=self.form,
            position=position,
            version=version,
            created_at=created_at,
            updated_at=at,
        )

    def _document(self, before: Sequence[Part], version: int) -> Mapping[str, object]:
        if self.type != "flash_sale":
            return self._encoded(self.promotion)
        known = [part.of for part in before]
        fresh = [Part("", of, version, None) for of in self.rules if of not in known]
        return {"rules": [self._part(part, version) for part in (*before, *fresh)]}

    def _part(self, part: Part, version: int) -> dict[str, object]:
        """One that comes back stands at the end of the list, where a new one does."""
        rule = self.rules.get(part.of)
        position = version if part.document is None else part.position
        return {
            "of": part.of,
            "position": position,
            "document": None if rule is None else self._encoded(rule),
        }

    def _encoded(self, rule: Promotion) -> dict[str, Any]:
        return encode_promotion(replace(rule, active=True), self.currency)


def read_terms(document: Mapping[str, object], currency: str, registry: Registry, zone: str = "UTC") -> Terms:
    """Reads what was sent, with a `currency` and a `type` beside its keys (absent: the shop's, and a free rule).

    `zone`: of a form that names none. Raises InvalidDocument.
    """
    given = document.get("currency", currency)
    if not isinstance(given, str) or not is_currency(given):
        raise InvalidDocument([Problem("currency", "not_currency", {"got": str(given)[:60]})])
    kind = document.get("type", "rule")
    if kind not in get_args(Type):
        raise InvalidDocument([Problem("type", "not_a_type", {"choices": ", ".join(get_args(Type))})])
    if document.get("status") not in (None, *get_args(Status)):
        raise InvalidDocument([Problem("status", "not_a_status")])
    sent = {key: value for key, value in document.items() if key not in (*BESIDE, *ANSWERED)}
    terms = (
        _rule_terms(sent, given, registry)
        if kind == "rule"
        else _form_terms(kind, sent, given, registry, zone)
    )
    problems = _unstorable(terms)
    if problems:
        raise InvalidDocument(problems)
    return replace(terms, status=cast("Status | None", document.get("status")))


def _rule_terms(sent: dict[str, object], currency: str, registry: Registry) -> Terms:
    if "used_by_customer" in sent:  # in a case it is of that case's customer; here there are many
        raise InvalidDocument([Problem("used_by_customer", "unknown_key", {"got": "used_by_customer"})])
    rule = decode_promotion(sent, currency, registry)
    return Terms(rule.id, "rule", {"": rule}, currency, active=rule.active if "active" in sent else None)


def _form_terms(kind: Any, sent: dict[str, Any], currency: str, registry: Registry, zone: str) -> Terms:
    form = _plain({"time_zone": zone, **sent}, currency)
    if kind == "flash_sale":
        _forget_answers(form)
    reader = Reader(registry, currency)
    if kind == "bulk_discount":
        reader.levels_are_units = _counts_units(form)
        if reader.levels_are_units:
            form["by"] = "quantity"
        else:
            _write_amounts(form, currency)
    made = reader.build("", form, FORMS[kind])
    reader.done()
    assert made is not None
    try:
        return Terms(made.id, kind, made.rules(), currency, form)
    except Misfit as misfit:  # of terms that forms share with rules
        raise InvalidDocument([Problem(misfit.field, "misfit", {"expected": misfit.expected})]) from misfit


def _forget_answers(form: dict[str, Any]) -> None:
    """What an answer says was taken of each product."""
    products = form.get("products")
    if isinstance(products, list):
        form["products"] = [
            {key: value for key, value in one.items() if key not in COUNTED} if isinstance(one, dict) else one
            for one in products
        ]


def _counts_units(form: Mapping[str, Any]) -> bool:
    """Whether its tiers begin at so many units: at whole numbers, unless it is of every full amount."""
    levels = [tier.get("at_least") for tier in _tiers(form)]
    by_units = form.get("by") == "quantity" or form.get("kind") == "percent_off_items"
    return by_units or (form.get("kind") != "every" and any(isinstance(level, int) for level in levels))


def _write_amounts(form: Mapping[str, Any], currency: str) -> None:
    """Numbers that its tiers begin at become amounts."""
    for tier in _tiers(form):
        if "at_least" in tier:
            tier["at_least"] = _amount_text(tier["at_least"], currency)


def _tiers(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    tiers = form.get("tiers")
    return [tier for tier in tiers if isinstance(tier, dict)] if isinstance(tiers, list) else []


def _plain(value: Any, currency: str, key: str = "") -> Any:
    """With numbers that stand for amounts, 折 and ids as the texts that they are kept as."""
    if isinstance(value, dict):
        return {name: _plain(inner, currency, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, currency) for inner in value]
    if key in _IDS:
        return id_text(value)
    if key in _MONEY or (key == "at_least" and not isinstance(value, int)):
        return _amount_text(value, currency)
    if isinstance(value, int) and key == "percent" and not isinstance(value, bool):
        return str(value) if abs(value) < 100 else value
    return str(value) if isinstance(value, Decimal) and key == "percent" else value


def _amount_text(value: object, currency: str) -> object:
    """What is no amount stays as it is, for the reader to say so."""
    try:
        return format_amount(amount(value, currency), currency)
    except Wrong:
        return value


def check_new(document: Mapping[str, object]) -> None:
    """A new promotion begins with nothing used, as a draft or published: it may say so. Raises InvalidDocument."""
    fresh = {"units_left": document.get("stock")}
    problems = [
        Problem(key, "counted", {"got": str(document[key])[:60]})
        for key in COUNTED
        if key in document and document[key] not in (None, 0, fresh.get(key)) and not _is_zero(document[key])
    ]
    if "#" in str(document.get("id")):
        problems.append(Problem("id", "no_hash"))
    if document.get("status") == "closed":
        problems.append(Problem("status", "not_a_status"))
    if problems:
        raise InvalidDocument(problems)


def _is_zero(value: object) -> bool:
    return isinstance(value, str) and _NOTHING.fullmatch(value) is not None


def moved_to(row: StoredPromotion, position: int) -> StoredPromotion:
    """The same at another place of the list: where a draft comes when it is published."""
    document: Mapping[str, object] = row.document
    if row.type == "flash_sale":
        rules = [{**part._asdict(), "position": position} for part in row.parts()]
        document = {"rules": [{key: rule[key] for key in ("of", "position", "document")} for rule in rules]}
    return replace(row, position=position, document=document)


def rules_of(row: StoredPromotion, registry: Registry) -> list[Rule]:
    """The rules of a row. Raises InvalidDocument if it uses a kind that is no longer installed."""
    return [
        Rule(_decoded(row, part, registry), row.currency, part.position, row.version)
        for part in row.parts()
        if part.document is not None
    ]


def _decoded(row: StoredPromotion, part: Part, registry: Registry) -> Promotion:
    """By its id of now; only what is published is active."""
    found = decode_promotion(part.document, row.currency, registry)
    return replace(found, id=part.id, active=row.status == "published")


def _unstorable(terms: Terms) -> list[Problem]:
    problems = []
    if _ID.fullmatch(terms.id) is None or (terms.type != "rule" and len(terms.id) > LONGEST_OF_FORM):
        problems.append(Problem("id", "not_an_id", {"got": terms.id[:60]}))
    begins = (word for word in RESERVED if terms.id.startswith(word))
    if found := next(begins, terms.id if terms.id in ADDRESSES else None):
        problems.append(Problem("id", "reserved_id", {"got": found}))
    name = terms.promotion.name
    if name is not None and len(name) > LONGEST_NAME:
        problems.append(Problem("name", "too_long", {"most": LONGEST_NAME}))
    return problems


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
