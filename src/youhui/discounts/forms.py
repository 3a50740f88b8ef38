"""What is sent to make or change a discount: read field by field, every fault found at once.

The same reading for the console's form, a partial change, a batch and the rows of an import.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from youhui.checkout.values import Wrong, minor_units
from youhui.discounts import values
from youhui.discounts.model import KINDS, Draft, Edit, Kind, Scope, Terms, Type
from youhui.discounts.problems import InvalidDiscount, fault, missing
from youhui.discounts.values import Field
from youhui.platform.problems import Fault

TargetKind: TypeAlias = Literal["user", "group", "product", "category"]
SENT_AS: Mapping[Kind, TargetKind] = {
    "customer": "user",
    "group": "group",
    "product": "product",
    "category": "category",
}
"""what each kind of target is called in requests and answers: user_ids, group_ids …"""

_TERMS = {
    "name": values.TEXT,
    "amount": values.NUMBER,
    "discount_type": values.TYPE,
    "discount_value": values.NUMBER,
}
_TARGETS = {
    "user_ids": values.IDS,
    "group_ids": values.IDS,
    "all_users": values.BOOLEAN,
    "product_ids": values.IDS,
    "category_ids": values.IDS,
    "all_products": values.BOOLEAN,
}
_REST = {
    "effective_time": values.INSTANT,
    "expiration_time": values.INSTANT,
    "priority": values.INTEGER,
    "enabled": values.BOOLEAN,
    "currency": values.CURRENCY,
    "key": values.SHOP_KEY,
}
Fields = Mapping[str, Field]
WHOLE: Fields = {**_TERMS, **_TARGETS, **_REST}
"""the keys of a new discount, in the order of the seed's form"""
CHANGE: Fields = {
    **_TERMS,
    **_TARGETS,
    **{f"{verb}_{SENT_AS[kind]}_ids": values.IDS for kind in KINDS for verb in ("add", "remove")},
    **_REST,
}
"""the keys of a partial change"""
BATCH: Fields = {**_TERMS, "user_id": values.SHOP_KEY, "product_ids": values.IDS, **_REST}
"""the keys of one customer's discount on many products"""

ANSWERED = frozenset(
    """id state state_text state_color version created_at updated_at archived_at
    user_count group_count product_count category_count""".split()
)
"""keys that answers have and requests need not leave out, so that what was read can be sent back"""

_NEEDED = ("name", "effective_time", "expiration_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was sent, under the names of the routes. None is what was not. `faults`: of what could not be read.

    `lists`: by key, such as "user_ids" or "add_product_ids".
    """

    name: str | None = None
    amount: Decimal | None = None
    discount_type: Type | None = None
    discount_value: Decimal | None = None
    user_id: str | None = None
    all_users: bool | None = None
    all_products: bool | None = None
    effective_time: datetime | None = None
    expiration_time: datetime | None = None
    priority: int | None = None
    enabled: bool | None = None
    currency: str | None = None
    key: str | None = None
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def edit(self, kind: Kind) -> Edit:
        """What it wants done to a list."""
        key = f"{SENT_AS[kind]}_ids"
        none: frozenset[str] = frozenset()
        lists = self.lists
        return Edit(lists.get(key), lists.get(f"add_{key}", none), lists.get(f"remove_{key}", none))


def read_form(document: object, known: Fields) -> Form:
    """Reads an object with these keys. Faults are kept, so that those of the whole can be told with them."""
    if not isinstance(document, dict):
        return Form(faults=(fault("", "not_object"),))
    faults = [fault(key[:100], "unknown_key") for key in document if key not in known and key not in ANSWERED]
    read: dict[str, Any] = {}
    lists: dict[str, frozenset[str]] = {}
    for key, how in known.items():
        value = document.get(key)
        if value is None:
            if known is CHANGE and key in _NEEDED and key in document:
                faults.append(missing(key))
            continue
        try:
            (lists if how is values.IDS else read)[key] = how.read(value)
        except Wrong as wrong:
            faults.append(fault(f"{key}{wrong.where}", wrong.code, **wrong.params))
    return Form(**read, lists=lists, faults=tuple(faults))


def named(form: Form, on: date) -> Form:
    """A batch; without a name it has that of its day."""
    return form if form.name else replace(form, name=f"批量折扣 {on.isoformat()}")


def draft(form: Form, currency: str) -> Draft:
    """The new discount that was sent; `currency` is of one that names none. Raises InvalidDiscount."""
    faults = list(form.faults)
    lists = {kind: form.edit(kind).replace or frozenset() for kind in KINDS}
    scope = Scope(
        all_customers=form.all_users or False,
        customers=lists["customer"] if form.user_id is None else frozenset({form.user_id}),
        groups=lists["group"],
        all_products=form.all_products or False,
        products=lists["product"],
        categories=lists["category"],
    )
    faults += reach_faults(
        scope.all_customers or len(scope.customers) + len(scope.groups),
        scope.all_products or len(scope.products) + len(scope.categories),
    )
    terms = _terms(form, None, form.currency or currency, faults)
    refuse(faults)
    assert terms is not None
    return Draft(terms=terms, scope=scope, key=form.key)


def changed(form: Form, old: Terms, key: str | None) -> Terms:
    """The terms after a partial change of the discount with this key. Raises InvalidDiscount."""
    faults = [*form.faults, *_edit_faults(form)]
    fixed = {"currency": (form.currency, old.currency), "key": (form.key, key)}
    faults += [
        fault(name, "not_changeable") for name, (sent, is_) in fixed.items() if sent not in (None, is_)
    ]
    terms = _terms(form, old, old.currency, faults)
    refuse(faults)
    assert terms is not None
    return terms


def reach_faults(customers: int, products: int) -> list[Fault]:
    """Of a discount that is for so many customers (or groups of them) and products; True is all."""
    found = [] if customers else [missing("user_ids")]
    return found if products else [*found, missing("product_ids")]


def refuse(faults: Collection[Fault]) -> None:
    """Raises InvalidDiscount if there are any: one for each key, the first, in the order of the seed's form."""
    by_key: dict[str, Fault] = {}
    for one in faults:
        by_key.setdefault(one.path.partition("[")[0], one)
    if by_key:
        raise InvalidDiscount([by_key[key] for key in sorted(by_key, key=_place)])


def _place(key: str) -> int:
    return _ORDER.get(key, len(_ORDER))


_ORDER = {key: place for place, key in enumerate([*_TERMS, "user_id", *_TARGETS, *_REST, *CHANGE])}


def _terms(form: Form, old: Terms | None, currency: str, faults: list[Fault]) -> Terms | None:
    """What was sent over what was before; None where that made faults, which are added."""
    name = form.name if form.name is not None or old is None else old.name
    begins = form.effective_time or (old.effective_time if old else None)
    ends = form.expiration_time or (old.expiration_time if old else None)
    given = _value(form, old, currency, faults)
    needed = {"name": name, "effective_time": begins, "expiration_time": ends}
    faults += [missing(key) for key, value in needed.items() if not value]
    if begins and ends and begins >= ends:
        faults.append(fault("expiration_time", "not_after"))
    if not name or begins is None or ends is None or given is None:
        return None
    return Terms(
        name=name,
        type=given[0],
        value=given[1],
        currency=currency,
        priority=form.priority if form.priority is not None else old.priority if old else 0,
        effective_time=begins,
        expiration_time=ends,
        enabled=form.enabled if form.enabled is not None else old.enabled if old else True,
    )


def _value(form: Form, old: Terms | None, currency: str, faults: list[Fault]) -> tuple[Type, int] | None:
    """The type, and the value in its units."""
    before: Type = old.type if old else "amount"
    type_ = form.discount_type or ("amount" if form.amount is not None else before)
    if form.amount is not None and type_ == "percent":
        faults.append(fault("amount", "not_of_percent"))
    elif None not in (form.amount, form.discount_value) and form.amount != form.discount_value:
        faults.append(fault("discount_value", "two_values"))
    sent = {"amount": form.amount if type_ == "amount" else None, "discount_value": form.discount_value}
    for key, number in sent.items():
        if number is not None:
            return _read(type_, number, currency, key, faults)
    if old is not None and type_ == old.type:
        return type_, old.value
    faults.append(missing("amount" if type_ == "amount" else "discount_value"))
    return None


def _read(
    type_: Type, number: Decimal, currency: str, key: str, faults: list[Fault]
) -> tuple[Type, int] | None:
    try:
        if type_ == "percent":
            return type_, values.hundredths_of_zhe(number)
        return type_, minor_units(number, currency)
    except Wrong as wrong:
        faults.append(fault(key, wrong.code, **wrong.params))
        return None


def _edit_faults(form: Form) -> list[Fault]:
    """Of a partial change."""
    faults = []
    for kind in KINDS:
        edit = form.edit(kind)
        key = f"{SENT_AS[kind]}_ids"
        if edit.replace is not None and (edit.add or edit.remove):
            faults.append(fault(key, "two_ways"))
        if both := edit.add & edit.remove:
            faults.append(fault(f"add_{key}", "added_and_removed", id=min(both)))
    return faults
