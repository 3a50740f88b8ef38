"""What can be done with operators and API keys. Each write is one transaction with its audit row.

`forget` is called after each commit that takes something away: this process then looks everyone up anew.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from youhui.accounts import store
from youhui.accounts.model import KEY_START, SHOPPER, ApiKey, Operator, StaffRole
from youhui.accounts.problems import LastAdmin, OperatorExists, OperatorNotFound, invalid
from youhui.accounts.rules import (
    account,
    check_password,
    checked_label,
    checked_name,
    digest,
)
from youhui.platform.audit import Entry, entries, record
from youhui.platform.db import Connection, Database
from youhui.platform.ids import is_shop_id
from youhui.platform.passwords import hashed
from youhui.platform.principals import SYSTEM, Principal, Scope
from youhui.platform.problems import Outdated
from youhui.platform.tokens import Clock, Tokens

FIRST = "admin"
"""the name of the operator that the first start makes"""
LONGEST_GRACE = timedelta(days=7)
"""for which the previous secret of a key may stay good"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different of an operator; None stays."""

    name: str | None = None
    role: StaffRole | None = None
    active: bool | None = None
    password: str | None = dataclasses.field(default=None, repr=False)


class Operators:
    """The people at the console."""

    def __init__(self, database: Database, clock: Clock, forget: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._forget = forget

    def page(self, offset: int, limit: int) -> tuple[list[Operator], int]:
        """A page by name, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.operator_page(connection, offset, limit)

    def get(self, number: int) -> Operator:
        """Raises OperatorNotFound, Unavailable."""
        with self._database.reading() as connection:
            return store.operator(connection, number)

    def named(self, name: str) -> Operator:
        """Raises OperatorNotFound, Invalid, Unavailable."""
        with self._database.reading() as connection:
            found = store.operator_named(connection, checked_name(name))
        if found is None:
            raise OperatorNotFound(operator=name)
        return found

    def add(self, name: str, role: StaffRole, password: str | None, by: Principal) -> tuple[Operator, str]:
        """A new one and its password: a random one where none is given. Raises Invalid, OperatorExists, Unavailable."""
        name = checked_name(name)
        password = secrets.token_urlsafe(15) if password is None else password
        check_password("password", password, name)
        now = self._clock()
        new = Operator(
            id=0, name=name, role=role, active=True, version=1,
            created_at=now, updated_at=now, password=hashed(password),
        )  # fmt: skip
        with self._database.writing() as connection:
            added = store.add_operator(connection, new)
            record(connection, now, by, "operator.create", _object(added), after=_shown(added))
        return added, password

    def add_first(self) -> str | None:
        """An admin called "admin" where there is no operator at all: its password, or None. Raises Unavailable.

        Of processes that start at once, one makes it.
        """
        with self._database.reading() as connection:
            if store.any_operator(connection):
                return None
        try:
            return self.add(FIRST, "admin", None, SYSTEM)[1]
        except OperatorExists:
            return None

    def change(self, number: int, change: Change, by: Principal, version: int | None = None) -> Operator:
        """With a `version` only as the caller has read it. Ends the operator's sessions, unless only the name changes.

        A new password opens the account, if it is closed after failed log-ins.
        Raises OperatorNotFound, OperatorExists, Outdated, LastAdmin, Invalid, Unavailable.
        """
        name = None if change.name is None else checked_name(change.name)
        password = self._hashed(number, name, change.password)
        with self._database.writing() as connection:
            old, only_admin = _locked(connection, number, version)
            new = _changed(old, name, change, password, self._clock())
            if new == old:
                return old
            if only_admin and not (new.active and new.role == "admin"):
                raise LastAdmin
            store.replace_operator(connection, new)
            if (new.role, new.active, new.password) != (old.role, old.active, old.password):
                store.end_sessions(connection, number)
            if password is not None:  # who guessed at the old one locks nobody out of the new one
                store.forgive(connection, account(new.name))
            after = {**_shown(new), **({"password": "changed"} if password else {})}
            at, about = new.updated_at, _object(new)
            record(connection, at, by, "operator.update", about, before=_shown(old), after=after)
        self._forget()
        return new

    def remove(self, number: int, by: Principal, version: int | None = None) -> None:
        """Raises OperatorNotFound, Outdated, LastAdmin, Unavailable."""
        with self._database.writing() as connection:
            old, only_admin = _locked(connection, number, version)
            if only_admin:
                raise LastAdmin
            store.remove_operator(connection, number)
            record(connection, self._clock(), by, "operator.delete", _object(old), before=_shown(old))
        self._forget()

    def reset_password(self, name: str, by: Principal) -> str:
        """A new random password for one who lost it. Raises OperatorNotFound, Invalid, Unavailable."""
        password = secrets.token_urlsafe(15)
        self.change(self.named(name).id, Change(password=password), by)
        return password

    def _hashed(self, number: int, name: str | None, password: str | None) -> str | None:
        """Before the transaction, since it takes long."""
        if password is None:
            return None
        check_password("password", password, name or self.get(number).name)
        return hashed(password)


def _locked(connection: Connection, number: int, version: int | None) -> tuple[Operator, bool]:
    """The operator as the caller has read it, and whether it is the only active admin."""
    admins = store.lock_admins(connection)
    found = store.operator(connection, number, lock=True)
    if version is not None and found.version != version:
        raise Outdated
    return found, admins == {number}


def _changed(old: Operator, name: str | None, change: Change, password: str | None, at: datetime) -> Operator:
    new = dataclasses.replace(
        old,
        name=name or old.name,
        role=change.role or old.role,
        active=old.active if change.active is None else change.active,
        password=password or old.password,
    )
    return old if new == old else dataclasses.replace(new, version=old.version + 1, updated_at=at)


def _object(operator: Operator) -> str:
    return f"operator:{operator.id}"


def _shown(operator: Operator) -> Mapping[str, object]:
    return {"name": operator.name, "role": operator.role, "active": operator.active}


class Keys:
    """The keys of storefronts, and the tokens that these make for their shoppers. `lasts`: of such a token."""

    def __init__(
        self, database: Database, clock: Clock, tokens: Tokens, lasts: timedelta, forget: Callable[[], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._lasts = lasts
        self._forget = forget

    def page(self, offset: int, limit: int) -> tuple[list[ApiKey], int]:
        """The latest first, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.key_page(connection, offset, limit)

    def add(
        self, name: str, scopes: Collection[Scope], by: Principal, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """A new key, and what its holder sends: nobody can read that again. Raises Invalid, Unavailable."""
        now = self._clock()
        if expires_at is not None and expires_at <= now:
            raise invalid("expires_at", "in_the_past")
        number = secrets.token_hex(8)
        secret = _secret(number)
        key = ApiKey(
            id=number, name=checked_label("name", name), scopes=frozenset(scopes),
            created_at=now, expires_at=expires_at, secret=digest(secret),
        )  # fmt: skip
        with self._database.writing() as connection:
            store.add_key(connection, key)
            record(connection, now, by, "api_key.create", f"api_key:{number}", after=_told(key))
        return key, secret

    def rotate(self, number: str, grace: timedelta, by: Principal) -> tuple[ApiKey, str]:
        """A new secret for a key; the one so far stays good for the `grace`, one from before it for no longer.

        Raises ApiKeyNotFound, Unavailable.
        """
        now = self._clock()
        secret = _secret(number)
        with self._database.writing() as connection:
            old = store.key(connection, number, lock=True)
            new = dataclasses.replace(
                old, secret=digest(secret), previous_secret=old.secret, previous_until=now + grace
            )
            store.replace_key(connection, new)
            until = {"previous_until": (now + grace).isoformat()}
            record(connection, now, by, "api_key.rotate", f"api_key:{number}", after=until)
        self._forget()
        return new, secret

    def remove(self, number: str, by: Principal) -> None:
        """Ends a key and the tokens that it made. Raises ApiKeyNotFound, Unavailable."""
        with self._database.writing() as connection:
            old = store.key(connection, number, lock=True)
            store.remove_key(connection, number)
            record(connection, self._clock(), by, "api_key.delete", f"api_key:{number}", before=_told(old))
        self._forget()

    def shopper_token(self, customer: str, by: Principal) -> tuple[str, int]:
        """A token with which a customer's browser may ask for itself, and its seconds. It ends with the key `by`.

        Raises Invalid.
        """
        if not is_shop_id(customer):
            raise invalid("customer_id", "not_an_id")
        return self._tokens.sign(SHOPPER, self._lasts, sub=customer, key=by.id), self._lasts.seconds


def _secret(number: str) -> str:
    return f"{KEY_START}{number}_{secrets.token_hex(32)}"


def _told(key: ApiKey) -> Mapping[str, object]:
    expires_at = key.expires_at and key.expires_at.isoformat()
    return {"name": key.name, "scopes": sorted(key.scopes), "expires_at": expires_at}


class History:
    """The audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, offset: int, limit: int, **wanted: str | None) -> tuple[Sequence[Entry], int]:
        """The latest first, of an `object`, an `actor`, an `action`; and how many in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return entries(connection, offset, limit, **wanted)
