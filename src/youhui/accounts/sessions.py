"""Logging in, staying logged in, logging out. Guessing is slowed down by account and by address, in the database."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from youhui.accounts import store
from youhui.accounts.model import ACCESS, LoggedIn, Operator, Session
from youhui.accounts.problems import LockedOut, WrongCredentials, invalid
from youhui.accounts.rules import (
    FORGOTTEN,
    account,
    account_lock,
    address,
    address_lock,
    check_password,
    digest,
    normal_name,
    one_less,
    one_more,
    session_id,
)
from youhui.accounts.service import Change, Operators
from youhui.platform.audit import record
from youhui.platform.db import Database
from youhui.platform.passwords import matches
from youhui.platform.principals import ANONYMOUS, Principal
from youhui.platform.problems import Unauthenticated
from youhui.platform.tokens import Clock, Tokens


class Sessions:
    """The use cases. An access token is good for `access`, a session until it was not used for `idle`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tokens: Tokens,
        operators: Operators,
        forget: Callable[[], None],
        *,
        access: timedelta,
        idle: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._operators = operators
        self._forget = forget
        self._access = access
        self._idle = idle

    def log_in(self, name: str, password: str, client: str) -> LoggedIn:
        """`client`: its address. Raises WrongCredentials, LockedOut, Unavailable."""
        return self.open(self._verified(normal_name(name), password, client))

    def open(self, operator: Operator) -> LoggedIn:
        """A new session of an operator who was recognised. Raises WrongCredentials if it was changed since."""
        now = self._clock()
        session, refresh = self._next(secrets.token_hex(16), operator, now)
        with self._database.writing() as connection:
            if not store.logged_in(connection, operator, now):
                raise WrongCredentials
            store.end_expired(connection, now)
            store.add_session(connection, session)
            record(connection, now, operator.principal, "operator.log_in", _object(operator))
        return self._logged_in(operator, session, refresh)

    def refresh(self, refresh: str) -> LoggedIn:
        """A new pair for a refresh token, which is used up by it. Raises Unauthenticated, Unavailable.

        One that was used up before ends the session: either its owner or a thief holds a copy.
        """
        name = _session(refresh)
        now = self._clock()
        with self._database.writing() as connection:
            operator = store.session_of(connection, name, now)
            if operator is None:
                raise Unauthenticated
            session, following = self._next(name, operator, now)
            rotated = store.rotate(connection, digest(refresh), session)
            if not rotated:
                store.end_session(connection, name)
                record(connection, now, ANONYMOUS, "operator.refresh_token_reused", _object(operator))
        if not rotated:
            self._forget()
            raise Unauthenticated
        return self._logged_in(operator, session, following)

    def log_out(self, refresh: str) -> None:
        """Ends the session of a refresh token, if it is not over. Raises Unauthenticated, Unavailable."""
        name = _session(refresh)
        now = self._clock()
        with self._database.writing() as connection:
            operator = store.session_of(connection, name, now)
            store.end_session(connection, name)
            if operator is not None:
                record(connection, now, operator.principal, "operator.log_out", _object(operator))
        self._forget()

    def change_password(self, by: Principal, current: str, new: str, client: str) -> None:
        """Of the operator who asks. Ends all its sessions, also this one. Raises Invalid, LockedOut, Unavailable."""
        operator = self._operators.get(int(by.id))
        check_password("new", new, operator.name)
        try:
            self._verified(operator.name, current, client)
        except WrongCredentials:
            raise invalid("current", "wrong_password") from None
        self._operators.change(operator.id, Change(password=new), by)

    def _verified(self, name: str, password: str, client: str) -> Operator:
        """The attempt is counted before the password is looked at, and taken back if it was right: however many come
        at once, no more than the allowed number are tried.
        """
        locked_until = self._count(name, client)
        with self._database.reading() as connection:
            found = store.operator_named(connection, name)
        right = matches(password, found.password if found is not None and found.active else None)
        if found is None or not right:
            self._note_failure(found, client, locked_until)
            raise WrongCredentials
        self._take_back(name, client)
        return found

    def _count(self, name: str, client: str) -> datetime | None:
        """Until when the attempt locks others out. Raises LockedOut: such attempts are not counted."""
        now = self._clock()
        last = now
        with self._database.writing() as connection:
            for subject, lock in ((address(client), address_lock), (account(name), account_lock)):
                so_far = store.attempts(connection, subject, now)
                if so_far.locked_until > now:
                    raise LockedOut(math.ceil((so_far.locked_until - now).total_seconds()))
                counted = one_more(so_far, now, lock)
                store.replace_attempts(connection, counted)
                last = max(last, counted.locked_until)
        return last if last > now else None

    def _take_back(self, name: str, client: str) -> None:
        now = self._clock()
        with self._database.writing() as connection:
            so_far = store.attempts(connection, address(client), now)
            store.replace_attempts(connection, one_less(so_far))
            store.forgive(connection, account(name))

    def _note_failure(self, operator: Operator | None, client: str, locked_until: datetime | None) -> None:
        """Whose account it was, not what was typed: people type passwords where the name belongs."""
        now = self._clock()
        about = "operator:unknown" if operator is None else _object(operator)
        seen = {"address": client[:64]}
        with self._database.writing() as connection:
            record(connection, now, ANONYMOUS, "operator.log_in_failed", about, after=seen)
            if locked_until is not None:
                until = {**seen, "until": locked_until.isoformat()}
                record(connection, now, ANONYMOUS, "operator.locked_out", about, after=until)
            store.forget_attempts(connection, now - 2 * FORGOTTEN)

    def _next(self, name: str, operator: Operator, now: datetime) -> tuple[Session, str]:
        """The session with a new refresh token, and the token."""
        refresh = f"{name}.{secrets.token_hex(32)}"
        session = Session(
            id=name, operator_id=operator.id, secret=digest(refresh), expires_at=now + self._idle
        )
        return session, refresh

    def _logged_in(self, operator: Operator, session: Session, refresh: str) -> LoggedIn:
        access = self._tokens.sign(ACCESS, self._access, sub=str(operator.id), session=session.id)
        return LoggedIn(access, refresh, operator.role, int(self._access.total_seconds()))


def _session(refresh: str) -> str:
    """Raises Unauthenticated."""
    name = session_id(refresh)
    if name is None:
        raise Unauthenticated
    return name


def _object(operator: Operator) -> str:
    return f"operator:{operator.id}"
