"""What can be done with templates. Each write is one transaction, after which this node issues and prices by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from youhui.checkout.orders.counter_store import read_numbers
from youhui.checkout.orders.model import Key
from youhui.checkout.orders.terms import saving
from youhui.checkout.orders.terms import store as counters
from youhui.checkout.ports import Holds
from youhui.checkout.store import Source, next_version
from youhui.coupons.model import Status, Template
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.rules import limits_of
from youhui.coupons.templates import store
from youhui.coupons.templates.forms import Usual, mapping_of, read_draft
from youhui.coupons.templates.model import LISTED, Counted, Draft, Voided, Wanted
from youhui.coupons.templates.problems import BelowIssued, InvalidTemplate, TemplateInState
from youhui.coupons.templates.rules import document_of, fixed, merged, over
from youhui.coupons.templates.values import LONGEST_NAME
from youhui.engine import Registry
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Outdated

Move: TypeAlias = Literal["publish", "pause", "close", "void"]
_MOVES: Mapping[Move, tuple[frozenset[Status], Status]] = {
    "publish": (frozenset({"draft", "paused"}), "published"),
    "pause": (frozenset({"published"}), "paused"),
    "close": (frozenset({"published", "paused"}), "closed"),
    "void": (frozenset({"published", "paused", "closed"}), "void"),
}
"""from which status to which"""
_FINAL: frozenset[Status] = frozenset({"closed", "void"})
_COPY = " 副本"


class _Write(NamedTuple):
    """A transaction that changes templates: when, by whom, and to which version."""

    connection: Connection
    now: datetime
    by: Principal
    version: int

    def locked(self, id_: int, version: int | None) -> Template:
        """The template that the caller has read. Raises CouponTemplateNotFound, Outdated."""
        found = store.lock(self.connection, [id_]).get(id_)
        if found is None:
            raise CouponTemplateNotFound(id=id_)
        if version is not None and found.version != version:
            raise Outdated
        return found

    def audit(self, action: str, old: Template | None, new: Template | None, **more: object) -> None:
        """What was done, with the reason or what else there is to say of it."""
        about = new or old
        assert about is not None
        record(
            self.connection,
            self.now,
            self.by,
            f"coupon_template.{action}",
            limits_of(about).id,
            before=_shown(old) if old else None,
            after={**_shown(new), **more} if new else None,
        )


class Templates:
    """The use cases. `changed` is called after each commit; raising, it does not undo the write.

    `usual`: of templates that do not say; `holds`: of coupons, which unpaid orders may hold beyond their time.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        usual: Usual,
        holds: Holds | None = None,
    ) -> None:
        self._database = database
        self._registry = registry
        self.clock = clock
        self._changed = changed
        self._usual = usual
        self._holds = holds

    def create(self, document: object, by: Principal) -> Template:
        """Stores a draft. Raises InvalidTemplate, Unavailable."""
        draft = read_draft(document, self._usual, self._registry)
        with self._writing(by) as write:
            new = self._added(write, draft_template(draft, write.now, write.version), draft.customers or ())
            write.audit("create", None, new)
        return new

    def copy(self, id_: int, by: Principal) -> Template:
        """A draft with the terms and the audience of another. Raises CouponTemplateNotFound, Unavailable."""
        with self._writing(by) as write:
            old = store.get(write.connection, id_)
            name = f"{old.name[: LONGEST_NAME - len(_COPY)]}{_COPY}"
            new = replace(
                old, name=name, status="draft", issued=0, version=write.version, voided_at=None,
                created_at=write.now, updated_at=write.now,
            )  # fmt: skip
            new = self._added(write, new, store.audience(write.connection, old.id))
            write.audit("copy", None, new, copied_from=old.id)
        return new

    def change(self, id_: int, document: object, by: Principal, version: int | None = None) -> Template:
        """Changes what is sent. What was issued keeps the terms that it was issued by.

        With a `version` only as the caller has read it. Raises InvalidTemplate, CouponTemplateNotFound, Outdated,
        TemplateInState, BelowIssued, LimitBelowUse, Unavailable.
        """
        sent = mapping_of(document)
        with self._writing(by) as write:
            old = write.locked(id_, version)
            if old.status in _FINAL:
                raise TemplateInState(old.state(write.now), "change")
            draft = read_draft(merged(sent, old), self._usual, self._registry, listed=old.audience == "list")
            _check(draft, old)
            new = self._saved(write, old, draft)
            write.audit("update", old, new)
        return new

    def move(self, id_: int, move: Move, by: Principal, version: int | None = None) -> Template:
        """Publishes it (also after a pause), pauses or closes it; where that was done already, nothing.

        Raises CouponTemplateNotFound, Outdated, TemplateInState, InvalidTemplate (there is nothing left to publish),
        Unavailable.
        """
        with self._writing(by) as write:
            return _moved(write, write.locked(id_, version), move)

    def void(self, id_: int, reason: str, by: Principal, version: int | None = None) -> Voided:
        """Ends it, and with it all its coupons that are out and unused; orders that have locked some may be paid.

        Raises CouponTemplateNotFound, Outdated, TemplateInState, Unavailable.
        """
        with self._writing(by) as write:
            old = write.locked(id_, version)
            unused = store.usable(write.connection, id_, old.voided_at or write.now)
            locked = store.coupons_of(write.connection, [id_])[id_].get("locked", 0)
            new = _moved(write, old, "void", reason=reason, unused=unused, locked=locked)
        return Voided(new, unused, locked)

    def remove(self, id_: int, by: Principal, version: int | None = None) -> None:
        """Deletes a draft. Raises CouponTemplateNotFound, Outdated, TemplateInState, Unavailable."""
        with self._writing(by) as write:
            old = write.locked(id_, version)
            if old.status != "draft":
                raise TemplateInState(old.state(write.now), "delete")
            store.remove(write.connection, id_)
            counters.remove(write.connection, limits_of(old).id)
            write.audit("delete", old, None)

    def get(self, id_: int) -> Template:
        """Raises CouponTemplateNotFound, Unavailable."""
        with self._database.reading() as connection:
            return store.get(connection, id_)

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[list[Template], int]:
        """A page of those that are wanted, the newest first, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.page(connection, wanted, self.clock(), offset, limit)

    def counted(self, templates: Sequence[Template], *, listed: bool = False) -> list[Counted]:
        """With their numbers, and if `listed` with the customers of their lists. Raises Unavailable."""
        ids = [one.id for one in templates]
        keys = {one.id: Key(limits_of(one).id) for one in templates if one.budget is not None}
        with self._database.reading() as connection:
            coupons = store.coupons_of(connection, ids)
            money = read_numbers(connection, list(keys.values()), self.clock())
            sizes = store.audience_sizes(connection, [one.id for one in templates if one.audience == "list"])
            lists = {
                id_: tuple(store.audience(connection, id_))
                for id_, size in sizes.items()
                if listed and size <= LISTED
            }
        used = {id_: money[key].used.amount if key in money else 0 for id_, key in keys.items()}
        return [
            Counted(one, coupons[one.id], used.get(one.id), lists.get(one.id), sizes.get(one.id, 0))
            for one in templates
        ]

    @contextmanager
    def _writing(self, by: Principal) -> Iterator[_Write]:
        now = self.clock()
        with self._database.writing() as connection:
            yield _Write(connection, now, by, next_version(connection, Source.COUPONS))
        self._changed()

    def _added(
        self, write: _Write, template: Template, customers: Sequence[str] | frozenset[str]
    ) -> Template:
        new = store.add(write.connection, template)
        store.set_audience(write.connection, new.id, customers)
        saving.save(write.connection, write.now, new.currency, limits_of(new), None, self._holds)
        return new

    def _saved(self, write: _Write, old: Template, draft: Draft) -> Template:
        new = replace(old, **_fields(draft), version=write.version, updated_at=write.now)
        if new.terms != old.terms:
            new = replace(new, terms_id=store.add_terms(write.connection, new))
        store.replace(write.connection, new)
        _forget_claims(write.connection, old, new)
        if draft.customers is not None:
            store.set_audience(write.connection, new.id, draft.customers)
        before = limits_of(old) if new.currency == old.currency else None
        saving.save(write.connection, write.now, new.currency, limits_of(new), before, self._holds)
        return new


def _moved(write: _Write, old: Template, move: Move, **more: object) -> Template:
    before, after = _MOVES[move]
    if old.status == after:
        return old
    if old.status not in before:
        raise TemplateInState(old.state(write.now), move)
    if move == "publish" and (faults := over(old, write.now)):
        raise InvalidTemplate(faults)
    voided_at = write.now if move == "void" else None
    new = replace(old, status=after, version=write.version, updated_at=write.now, voided_at=voided_at)
    store.replace(write.connection, new)
    write.audit(move, old, new, **more)
    return new


def _forget_claims(connection: Connection, old: Template, new: Template) -> None:
    """Of limits that are lifted: nobody goes on counting. Of other days than before: they are not comparable."""
    if old.per_customer is not None and new.per_customer is None:
        store.forget_claims(connection, old.id, daily=False)
    other_days = new.per_customer_per_day is None or new.terms.time_zone != old.terms.time_zone
    if old.per_customer_per_day is not None and other_days:
        store.forget_claims(connection, old.id, daily=True)


def _check(draft: Draft, old: Template) -> None:
    """Raises InvalidTemplate, BelowIssued."""
    if faults := fixed(draft, old):
        raise InvalidTemplate(faults)
    if draft.total is not None and draft.total < old.issued:
        raise BelowIssued(old.issued)


def _fields(draft: Draft) -> dict[str, Any]:
    """Those that a template has too."""
    return {field.name: getattr(draft, field.name) for field in fields(draft) if field.name != "customers"}


def draft_template(draft: Draft, now: datetime, version: int) -> Template:
    """A new one; it has no id yet."""
    return Template(
        **_fields(draft), id=0, status="draft", terms_id=0, issued=0, version=version,
        created_at=now, updated_at=now, voided_at=None,
    )  # fmt: skip


def _shown(template: Template) -> Mapping[str, object]:
    return {**document_of(template), "status": template.status}
