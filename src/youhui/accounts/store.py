"""Accounts in the database. Every function works in its caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from youhui.accounts.model import ApiKey, Attempts, Operator, Session
from youhui.accounts.problems import ApiKeyNotFound, OperatorExists, OperatorNotFound
from youhui.accounts.tables import api_keys, login_attempts, operators, sessions

# Operators


def lock_admins(connection: Connection) -> set[int]:
    """The active admins, locked until the end of the transaction, so that two cannot remove one another.

    Asked before anything else is locked.
    """
    found = select(operators.c.id).where(operators.c.role == "admin", operators.c.active)
    return set(connection.execute(found.order_by(operators.c.id).with_for_update()).scalars())


def any_operator(connection: Connection) -> bool:
    """Whether there is one at all."""
    return connection.execute(select(operators.c.id).limit(1)).first() is not None


def add_operator(connection: Connection, operator: Operator) -> Operator:
    """With the id that it gets. Raises OperatorExists if its name is taken."""
    values = {name: value for name, value in _row(operator).items() if name != "id"}
    try:
        added = connection.execute(insert(operators).values(values))
    except IntegrityError:
        raise OperatorExists(name=operator.name) from None
    assert added.inserted_primary_key is not None
    return dataclasses.replace(operator, id=added.inserted_primary_key.id)


def replace_operator(connection: Connection, operator: Operator) -> None:
    """Writes it over the one with its id, which is there. Raises OperatorExists if its new name is taken."""
    try:
        connection.execute(update(operators).where(operators.c.id == operator.id).values(_row(operator)))
    except IntegrityError:
        raise OperatorExists(name=operator.name) from None


def remove_operator(connection: Connection, number: int) -> None:
    """With its sessions."""
    end_sessions(connection, number)
    connection.execute(delete(operators).where(operators.c.id == number))


def operator(connection: Connection, number: int, *, lock: bool = False) -> Operator:
    """With `lock` no one else changes it until the end of the transaction. Raises OperatorNotFound."""
    found = select(operators).where(operators.c.id == number)
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    if row is None:
        raise OperatorNotFound(operator=number)
    return _operator(row)


def operator_named(connection: Connection, name: str) -> Operator | None:
    """By its name in the normal form."""
    row = connection.execute(select(operators).where(operators.c.name == name)).one_or_none()
    return None if row is None else _operator(row)


def operator_page(connection: Connection, offset: int, limit: int) -> tuple[list[Operator], int]:
    """In the order of their names, and how many there are in all."""
    rows = connection.execute(select(operators).order_by(operators.c.name).offset(offset).limit(limit))
    total = connection.execute(select(func.count()).select_from(operators)).scalar_one()
    return [_operator(row) for row in rows], total


def logged_in(connection: Connection, operator: Operator, at: datetime) -> bool:
    """Notes a log-in; False if the operator is no longer as it was read."""
    same = (
        operators.c.id == operator.id,
        operators.c.version == operator.version,
        operators.c.active,
    )
    done = connection.execute(update(operators).where(*same).values(last_login_at=at))
    return bool(done.rowcount)


# Sessions


def add_session(connection: Connection, session: Session) -> None:
    """A new one."""
    connection.execute(insert(sessions).values(_row(session)))


def rotate(connection: Connection, old: str, session: Session) -> bool:
    """Puts a new secret into a session whose secret has the hash `old`; False if it has another, or is gone."""
    same = (sessions.c.id == session.id, sessions.c.secret == old)
    done = connection.execute(
        update(sessions).where(*same).values(secret=session.secret, expires_at=session.expires_at)
    )
    return bool(done.rowcount)


def session_of(connection: Connection, name: str, at: datetime) -> Operator | None:
    """The active operator of a session that is not over."""
    found = (
        select(operators)
        .join(sessions, sessions.c.operator_id == operators.c.id)
        .where(sessions.c.id == name, sessions.c.expires_at > at, operators.c.active)
    )
    row = connection.execute(found).one_or_none()
    return None if row is None else _operator(row)


def end_session(connection: Connection, name: str) -> None:
    """One, if it is there."""
    connection.execute(delete(sessions).where(sessions.c.id == name))


def end_sessions(connection: Connection, operator_id: int) -> None:
    """All of an operator."""
    connection.execute(delete(sessions).where(sessions.c.operator_id == operator_id))


def end_expired(connection: Connection, at: datetime) -> None:
    """All that are over anyway."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= at))


# Attempts to log in


def attempts(connection: Connection, subject: str, at: datetime) -> Attempts:
    """Those so far, locked until the end of the transaction. The row is made if there is none."""
    found = select(login_attempts).where(login_attempts.c.subject == subject).with_for_update()
    row = connection.execute(found).one_or_none()
    if row is None:
        none = Attempts(subject=subject, attempts=0, last_at=at, locked_until=at)
        with suppress(IntegrityError), connection.begin_nested():  # another process may be first
            connection.execute(insert(login_attempts).values(_row(none)))
        row = connection.execute(found).one()
    return Attempts(**row._mapping)


def replace_attempts(connection: Connection, attempts: Attempts) -> None:
    """Writes them over those of their subject, which are there."""
    mine = login_attempts.c.subject == attempts.subject
    connection.execute(update(login_attempts).where(mine).values(_row(attempts)))


def forgive(connection: Connection, subject: str) -> None:
    """Forgets the attempts of a subject."""
    connection.execute(delete(login_attempts).where(login_attempts.c.subject == subject))


def forget_attempts(connection: Connection, before: datetime) -> None:
    """All whose last one is so long ago."""
    connection.execute(delete(login_attempts).where(login_attempts.c.last_at < before))


# API keys


def add_key(connection: Connection, key: ApiKey) -> None:
    """A new one."""
    connection.execute(insert(api_keys).values(_key_row(key)))


def replace_key(connection: Connection, key: ApiKey) -> None:
    """Writes it over the one with its id, which is there."""
    connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(_key_row(key)))


def remove_key(connection: Connection, name: str) -> None:
    """One that is there."""
    connection.execute(delete(api_keys).where(api_keys.c.id == name))


def key(connection: Connection, name: str, *, lock: bool = False) -> ApiKey:
    """With `lock` no one else changes it until the end of the transaction. Raises ApiKeyNotFound."""
    found = select(api_keys).where(api_keys.c.id == name)
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    if row is None:
        raise ApiKeyNotFound(id=name)
    return _key(row)


def key_page(connection: Connection, offset: int, limit: int) -> tuple[list[ApiKey], int]:
    """The latest first, and how many there are in all."""
    order = (api_keys.c.created_at.desc(), api_keys.c.id)
    rows = connection.execute(select(api_keys).order_by(*order).offset(offset).limit(limit))
    total = connection.execute(select(func.count()).select_from(api_keys)).scalar_one()
    return [_key(row) for row in rows], total


def note_uses(connection: Connection, uses: Mapping[str, datetime]) -> None:
    """When keys were last used, by their ids."""
    for name, at in sorted(uses.items()):
        earlier = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < at)
        connection.execute(update(api_keys).where(api_keys.c.id == name, earlier).values(last_used_at=at))


# Rows


def _row(noun: Operator | Session | Attempts | ApiKey) -> dict[str, object]:
    return {field.name: getattr(noun, field.name) for field in dataclasses.fields(noun)}


def _operator(row: Row[tuple[object, ...]]) -> Operator:
    return Operator(**row._mapping)


def _key_row(key: ApiKey) -> dict[str, object]:
    return {**_row(key), "scopes": sorted(key.scopes)}


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    values = row._mapping
    scopes: Sequence[str] = values["scopes"]
    return ApiKey(**{**values, "scopes": frozenset(scopes)})
