"""Accounts in each kind of database: what must hold however many processes ask at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from youhui import bootstrap
from youhui.accounts.lookup import HELD, REFUSED
from youhui.accounts.model import LoggedIn, Operator, StaffRole
from youhui.accounts.problems import (
    ApiKeyNotFound,
    LastAdmin,
    LockedOut,
    OperatorExists,
    OperatorNotFound,
)
from youhui.accounts.service import FIRST, Change
from youhui.bootstrap import Service
from youhui.platform import audit, migrate, passwords
from youhui.platform.principals import SYSTEM, Principal
from youhui.platform.problems import Invalid, Outdated, Refusal, Unauthenticated
from youhui.platform.settings import Settings

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
SECRET = "a secret that only these tests know"
HERE = "192.0.2.1"
GOOD = "correct horse"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their hashes are slow for a purpose that these tests do not have (tests/unit/test_passwords.py)."""
    cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_ALGORITHM", PasswordHash((cheap,)))


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def nodes(database_url: str, clock: Clock) -> Iterator[Callable[[], Service]]:
    """Makes services on one database, as processes of their own would be. They are not started: no thread is needed."""
    made: list[Service] = []

    def node() -> Service:
        settings = Settings.model_validate({"database_url": database_url, "secret_key": SECRET})
        made.append(bootstrap.service(settings, clock))
        return made[-1]

    yield node
    for one in made:
        one.database.close()


@pytest.fixture
def service(nodes: Callable[[], Service]) -> Service:
    made = nodes()
    migrate.upgrade(made.database)
    return made


def operator(service: Service, name: str = "li", role: StaffRole = "operator") -> Operator:
    return service.operators.add(name, role, GOOD, SYSTEM)[0]


def entries(service: Service, action: str) -> list[tuple[str, str, object]]:
    with service.database.reading() as connection:
        found, _ = audit.entries(connection, 0, 100, action=action)
    return [(one.actor, one.object, one.after) for one in found]


def outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except (Refusal, AssertionError) as error:
        return type(error).__name__
    return "done"


# Operators


def test_an_operator_is_added_changed_and_removed(service: Service, clock: Clock) -> None:
    operator(service, "root", "admin")
    added = operator(service, " ＬＩ ")
    assert (added.name, added.version, added.active) == ("li", 1, True)
    clock.now += timedelta(hours=1)
    changed = service.operators.change(added.id, Change(role="viewer"), SYSTEM, version=1)
    assert changed == replace(added, role="viewer", version=2, updated_at=clock.now)
    assert service.operators.get(added.id) == changed
    assert service.operators.change(added.id, Change(role="viewer", name="Li"), SYSTEM) == changed
    with pytest.raises(Outdated):
        service.operators.change(added.id, Change(name="other"), SYSTEM, version=1)
    service.operators.remove(added.id, SYSTEM)
    with pytest.raises(OperatorNotFound):
        service.operators.get(added.id)
    actions = [action for action in ("create", "update", "delete") if entries(service, f"operator.{action}")]
    assert actions == ["create", "update", "delete"]


def test_the_id_of_one_who_is_gone_is_never_anothers(service: Service) -> None:
    gone = operator(service)
    service.operators.remove(gone.id, SYSTEM)
    assert operator(service).id > gone.id


def test_a_name_is_one_operators(service: Service) -> None:
    operator(service, "root", "admin")
    other = operator(service, "li")
    with pytest.raises(OperatorExists):
        operator(service, "ROOT")
    with pytest.raises(OperatorExists):
        service.operators.change(other.id, Change(name="Root"), SYSTEM)


@pytest.mark.parametrize("name", ["", " ", "a b", "-li", "a\0", "\ud800", "x" * 65, "a,b", "../etc"])
def test_what_is_no_name(name: str, service: Service) -> None:
    with pytest.raises(Invalid):
        operator(service, name)


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 129, "tab\tin it, and long", "ＬＩ-li-li-li", "\ud800" * 9]
)
def test_what_is_no_password(password: str, service: Service) -> None:
    with pytest.raises(Invalid):
        service.operators.add("li-li-li-li", "viewer", password, SYSTEM)


def test_the_last_active_admin_stays(service: Service) -> None:
    root = operator(service, "root", "admin")
    other = operator(service, "other", "admin")
    service.operators.change(other.id, Change(active=False), SYSTEM)
    for change in (Change(role="operator"), Change(active=False)):
        with pytest.raises(LastAdmin):
            service.operators.change(root.id, change, SYSTEM)
    with pytest.raises(LastAdmin):
        service.operators.remove(root.id, SYSTEM)
    service.operators.change(root.id, Change(name="root2", password="another one"), SYSTEM)
    service.operators.remove(other.id, SYSTEM)


def test_two_admins_cannot_remove_each_other(service: Service, nodes: Callable[[], Service]) -> None:
    """However often two processes try at the same time, an admin is left."""
    for _ in range(5):
        pair = [operator(service, name, "admin") for name in ("one", "two")]
        works = [
            partial(nodes().operators.remove, victim.id, by.principal) for victim, by in (pair, pair[::-1])
        ]
        with ThreadPoolExecutor(2) as pool:
            done = sorted(pool.map(outcome, works))
        left = service.operators.page(0, 10)[0]
        assert [one.role for one in left] == ["admin"], done
        assert done in (["LastAdmin", "done"], ["Unavailable", "done"])
        with service.database.writing() as connection:
            connection.execute(sa.text("DELETE FROM operators"))


def test_processes_that_start_at_once_make_one_admin(service: Service, nodes: Callable[[], Service]) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda node: node.operators.add_first(), [nodes() for _ in range(4)]))
    (password,) = [one for one in made if one is not None]
    assert [one.name for one in service.operators.page(0, 10)[0]] == [FIRST]
    assert service.sessions.log_in("Admin", password, HERE).role == "admin"
    assert service.operators.add_first() is None


# Sessions


def test_an_access_token_is_its_operators(
    service: Service, nodes: Callable[[], Service], clock: Clock
) -> None:
    added = operator(service)
    pair = service.sessions.log_in("LI", GOOD, HERE)
    for node in (service, nodes()):
        assert node.identities.held(pair.access) is None
        assert node.identities.identify(pair.access) == Principal("operator", str(added.id))
        assert node.identities.held(pair.access) == Principal("operator", str(added.id))
    assert pair.expires_in == 15 * 60
    clock.now += timedelta(minutes=15)
    with pytest.raises(Unauthenticated):
        service.identities.identify(pair.access)


def test_what_is_held_ends_with_the_token(service: Service, clock: Clock) -> None:
    operator(service)
    pair = service.sessions.log_in("li", GOOD, HERE)
    clock.now += timedelta(minutes=14, seconds=58)
    service.identities.identify(pair.access)
    clock.now += timedelta(seconds=1.999999)
    assert service.identities.held(pair.access) is not None
    clock.now += timedelta(microseconds=1)
    assert service.identities.held(pair.access) is None


def test_each_refresh_token_is_good_once(service: Service) -> None:
    operator(service)
    first = service.sessions.log_in("li", GOOD, HERE)
    second = service.sessions.refresh(first.refresh)
    third = service.sessions.refresh(second.refresh)
    for pair in (first, second, third):
        service.identities.identify(pair.access)
    with pytest.raises(Unauthenticated):
        service.sessions.refresh(first.refresh)  # a thief's, or the owner's after a thief's
    for pair in (first, second, third):
        with pytest.raises(Unauthenticated):
            service.sessions.refresh(pair.refresh)
        with pytest.raises(Unauthenticated):
            service.identities.identify(pair.access)
    assert len(entries(service, "operator.refresh_token_reused")) == 1


def test_of_many_refreshes_at_once_one_is_answered(service: Service, nodes: Callable[[], Service]) -> None:
    operator(service)
    pair = service.sessions.log_in("li", GOOD, HERE)
    works = [partial(nodes().sessions.refresh, pair.refresh) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(outcome, works))
    assert done.count("done") == 1
    assert set(done) <= {"done", "Unauthenticated"}


def test_a_session_ends_when_it_was_not_used_for_days(service: Service, clock: Clock) -> None:
    operator(service)
    pair = service.sessions.log_in("li", GOOD, HERE)
    clock.now += timedelta(days=6, hours=23)
    pair = service.sessions.refresh(pair.refresh)
    clock.now += timedelta(days=7)
    with pytest.raises(Unauthenticated):
        service.sessions.refresh(pair.refresh)


def log_out(service: Service, pair: LoggedIn, _: Operator) -> None:
    service.sessions.log_out(pair.refresh)


def change_password(service: Service, _: LoggedIn, who: Operator) -> None:
    service.sessions.change_password(who.principal, GOOD, "another password", HERE)


def demote(service: Service, _: LoggedIn, who: Operator) -> None:
    service.operators.change(who.id, Change(role="viewer"), SYSTEM)


def disable(service: Service, _: LoggedIn, who: Operator) -> None:
    service.operators.change(who.id, Change(active=False), SYSTEM)


def set_password(service: Service, _: LoggedIn, who: Operator) -> None:
    service.operators.change(who.id, Change(password="another password"), SYSTEM)


def reset_password(service: Service, _: LoggedIn, who: Operator) -> None:
    service.operators.reset_password(who.name, SYSTEM)


def delete(service: Service, _: LoggedIn, who: Operator) -> None:
    service.operators.remove(who.id, SYSTEM)


@pytest.mark.parametrize(
    "end", [log_out, change_password, demote, disable, set_password, reset_password, delete]
)
def test_what_ends_a_session(
    end: Callable[[Service, LoggedIn, Operator], None],
    service: Service,
    nodes: Callable[[], Service],
    clock: Clock,
) -> None:
    """Here at once; another process may hold its access token for ten seconds."""
    who = operator(service)
    pair = service.sessions.log_in("li", GOOD, HERE)
    other = nodes()
    for node in (service, other):
        node.identities.identify(pair.access)
    end(service, pair, who)
    assert service.identities.held(pair.access) is None
    with pytest.raises(Unauthenticated):
        service.identities.identify(pair.access)
    clock.now += HELD - timedelta(microseconds=1)
    assert other.identities.held(pair.access) is not None
    clock.now += timedelta(microseconds=1)
    assert other.identities.held(pair.access) is None
    with pytest.raises(Unauthenticated):
        other.identities.identify(pair.access)
    with pytest.raises(Unauthenticated):
        service.sessions.refresh(pair.refresh)


def test_a_new_name_ends_no_session(service: Service) -> None:
    who = operator(service)
    pair = service.sessions.log_in("li", GOOD, HERE)
    service.operators.change(who.id, Change(name="zhang"), SYSTEM)
    service.identities.identify(pair.access)


# Guessing


def guess(service: Service, name: str = "li", password: str = "wrong", client: str = HERE) -> str:
    return outcome(lambda: service.sessions.log_in(name, password, client))


@pytest.mark.parametrize("name", ["li", "nobody", "x" * 200, "a b"])
def test_an_account_is_locked_after_five_guesses(name: str, service: Service, clock: Clock) -> None:
    """Whether there is one or not: nobody learns that. The right password does not help either."""
    operator(service)
    assert [guess(service, name) for _ in range(7)] == ["WrongCredentials"] * 5 + ["LockedOut"] * 2
    with pytest.raises(LockedOut) as locked:
        service.sessions.log_in(name, GOOD, "198.51.100.7")
    assert locked.value.headers["retry-after"] == "30"
    clock.now += timedelta(seconds=30)
    assert guess(service, name) == "WrongCredentials"
    with pytest.raises(LockedOut) as locked:
        service.sessions.log_in(name, GOOD, HERE)
    assert locked.value.headers["retry-after"] == "60"


def test_the_right_password_forgives(service: Service, clock: Clock) -> None:
    operator(service)
    for _ in range(3):
        assert [guess(service) for _ in range(4)] == ["WrongCredentials"] * 4
        service.sessions.log_in("li", GOOD, HERE)
    assert [guess(service) for _ in range(4)] == ["WrongCredentials"] * 4
    clock.now += timedelta(hours=1)
    assert [guess(service) for _ in range(5)] == ["WrongCredentials"] * 5


def test_a_new_password_from_the_command_line_opens_the_lock(service: Service) -> None:
    operator(service)
    for _ in range(6):
        guess(service)
    password = service.operators.reset_password("Li", SYSTEM)
    service.sessions.log_in("li", password, "198.51.100.7")


def test_an_address_is_locked_whatever_names_it_guesses(service: Service) -> None:
    operator(service)
    addresses = [f"2001:db8::{n:x}" for n in range(22)]
    said = [guess(service, f"name-{n}", client=address) for n, address in enumerate(addresses)]
    assert said == ["WrongCredentials"] * 21 + ["LockedOut"]
    assert guess(service, "li", GOOD, "2001:db8::ffff") == "LockedOut"
    assert guess(service, "li", GOOD, "2001:db8:0:1::1") == "done"


def test_guesses_at_once_are_no_more_than_one_by_one(service: Service, nodes: Callable[[], Service]) -> None:
    operator(service)
    guesses = [partial(guess, nodes()) for _ in range(12)]
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda work: work(), guesses))
    assert said.count("WrongCredentials") <= 5, said
    assert set(said) <= {"WrongCredentials", "LockedOut", "Unavailable"}


def test_a_disabled_operator_is_as_unknown(service: Service) -> None:
    who = operator(service)
    service.operators.change(who.id, Change(active=False), SYSTEM)
    assert guess(service, "li", GOOD) == guess(service, "nobody", GOOD) == "WrongCredentials"


def test_failures_are_in_the_audit_log_without_what_was_typed(service: Service) -> None:
    who = operator(service)
    for name in ["li"] * 9 + ["my secret passphrase"]:
        guess(service, name, "typed-password")
    failed = entries(service, "operator.log_in_failed")
    assert [about for _, about, _ in failed] == ["operator:unknown"] + [f"operator:{who.id}"] * 5
    assert [about for _, about, _ in entries(service, "operator.locked_out")] == [f"operator:{who.id}"]
    with service.database.reading() as connection:
        said = repr([tuple(row) for table in ("audit", "login_attempts")
                     for row in connection.execute(sa.text(f"SELECT * FROM {table}"))])  # fmt: skip
    assert "passphrase" not in said
    assert "typed-password" not in said


def test_the_current_password_is_guessed_like_a_log_in(service: Service) -> None:
    who = operator(service)

    def change() -> None:
        service.sessions.change_password(who.principal, "wrong", "another password", HERE)

    assert [outcome(change) for _ in range(6)] == ["Invalid"] * 5 + ["LockedOut"]


# Keys


def test_a_key_opens_until_it_is_deleted(
    service: Service, nodes: Callable[[], Service], clock: Clock
) -> None:
    key, secret = service.keys.add("shop", {"quote", "shoppers"}, SYSTEM)
    assert re.fullmatch(r"yh_[0-9a-f]{16}_[0-9a-f]{64}", secret)
    token, lasts = service.keys.shopper_token("c1", key.principal)
    assert lasts == 15 * 60
    other = nodes()
    for node in (service, other):
        assert node.identities.identify(secret) == Principal(
            "storefront", key.id, frozenset({"quote", "shoppers"})
        )
        assert node.identities.identify(token) == Principal("shopper", "c1")
    service.keys.remove(key.id, SYSTEM)
    for credentials in (secret, token):
        with pytest.raises(Unauthenticated):
            service.identities.identify(credentials)
    clock.now += HELD
    for credentials in (secret, token):
        assert other.identities.held(credentials) is None
    with pytest.raises(ApiKeyNotFound):
        service.keys.remove(key.id, SYSTEM)


def test_a_rotated_key_has_two_secrets_for_a_while(service: Service, clock: Clock) -> None:
    key, first = service.keys.add("shop", {"quote"}, SYSTEM)
    _, second = service.keys.rotate(key.id, timedelta(hours=24), SYSTEM)
    clock.now += timedelta(hours=24) - timedelta(seconds=5)
    for secret in (first, second):
        service.identities.identify(secret)
    clock.now += timedelta(seconds=5)
    assert service.identities.held(first) is None
    with pytest.raises(Unauthenticated):
        service.identities.identify(first)
    service.identities.identify(second)
    _, third = service.keys.rotate(key.id, timedelta(0), SYSTEM)
    with pytest.raises(Unauthenticated):
        service.identities.identify(second)
    service.identities.identify(third)


def test_a_key_may_have_an_end(service: Service, clock: Clock) -> None:
    key, secret = service.keys.add("shop", {"shoppers"}, SYSTEM, clock.now + timedelta(minutes=5))
    token, _ = service.keys.shopper_token("c1", key.principal)
    clock.now += timedelta(minutes=5) - timedelta(microseconds=1)
    service.identities.identify(secret)
    service.identities.identify(token)
    clock.now += timedelta(microseconds=1)
    assert service.identities.held(secret) is None
    for credentials in (secret, token):
        with pytest.raises(Unauthenticated):
            service.identities.identify(credentials)
    with pytest.raises(Invalid):
        service.keys.add("late", {"quote"}, SYSTEM, clock.now)


def test_nothing_in_the_database_opens_anything(service: Service) -> None:
    operator(service)
    pair = service.sessions.log_in("li", GOOD, HERE)
    key, secret = service.keys.add("shop", {"quote"}, SYSTEM)
    service.keys.rotate(key.id, timedelta(hours=1), SYSTEM)
    with service.database.reading() as connection:
        said = repr([tuple(row) for table in ("operators", "sessions", "api_keys", "audit")
                     for row in connection.execute(sa.text(f"SELECT * FROM {table}"))])  # fmt: skip
    for hidden in (GOOD, pair.refresh.partition(".")[2], secret.rpartition("_")[2], pair.access, SECRET):
        assert hidden not in said


def test_uses_of_keys_are_written_together(service: Service, clock: Clock) -> None:
    key, secret = service.keys.add("shop", {"quote"}, SYSTEM)
    service.identities.identify(secret)
    assert service.keys.page(0, 1)[0][0].last_used_at is None
    service.identities.uses.write()
    assert service.keys.page(0, 1)[0][0].last_used_at == clock.now
    clock.now -= timedelta(seconds=30)  # another process noted an earlier use, and writes it later
    service.identities.uses.note(key.id, clock.now)
    service.identities.uses.write()
    assert service.keys.page(0, 1)[0][0].last_used_at == NOON


# What is held


def test_what_was_refused_is_refused_from_memory_for_a_while(service: Service, clock: Clock) -> None:
    _, secret = service.keys.add("shop", {"quote"}, SYSTEM)
    wrong = secret[:-64] + "0" * 64
    assert service.identities.held(wrong) is None
    with pytest.raises(Unauthenticated):
        service.identities.identify(wrong)
    with pytest.raises(Unauthenticated):
        service.identities.held(wrong)
    clock.now += REFUSED
    assert service.identities.held(wrong) is None
