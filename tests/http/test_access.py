"""Every route × every role, and every kind of credentials that is good no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import get_args

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from tests.http import access, serving
from tests.http.access import ROLES
from tests.http.serving import Client
from youhui.access import TABLE
from youhui.platform.access import Allowed
from youhui.platform.keyfile import secret_key
from youhui.platform.principals import SYSTEM, Scope
from youhui.platform.tokens import Tokens

Header = dict[str, str]

SCOPES: tuple[Scope, ...] = get_args(Scope)
CALLERS = (*ROLES, "storefront without the scope")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving.client(tmp_path_factory.mktemp("access")) as made:
        del made.headers["authorization"]
        yield made


def routes_of(client: Client) -> set[tuple[str, str]]:
    """By method and path, as the table has them. HEAD is a GET whose answer nobody reads: it is not offered."""
    found = set()
    for context in iter_route_contexts(client.application.routes):
        route = context.route
        if isinstance(route, Mount):
            found.add(("GET", f"{route.path}/{{file:path}}"))
        else:
            assert isinstance(route, Route | APIRoute)
            found |= {(method, str(context.path)) for method in route.methods or () if method != "HEAD"}
    return found


def test_every_route_is_in_the_table(client: Client) -> None:
    assert sorted(routes_of(client) - set(TABLE)) == []


def test_every_row_of_the_table_is_a_route(client: Client) -> None:
    assert sorted(set(TABLE) - routes_of(client)) == []


@pytest.fixture(scope="module")
def headers(client: Client) -> Callable[[str, Allowed], Header]:
    """The header of a caller for a route."""
    of_roles: dict[str, Header] = {
        "anonymous": {},
        "shopper": serving.shopper(client, "c1"),
        "storefront": serving.key(client, *SCOPES),
        "viewer": serving.operator(client, "viewer"),
        "operator": serving.operator(client, "operator"),
        "admin": serving.operator(client, "admin"),
    }
    without = {scope: serving.key(client, *(one for one in SCOPES if one != scope)) for scope in SCOPES}

    def header(caller: str, allowed: Allowed) -> Header:
        if caller in of_roles:
            return of_roles[caller]
        return without[allowed.scope] if allowed.scope else serving.key(client, "quote")

    return header


ROWS = [
    pytest.param(method, path, allowed, id=f"{method} {path}") for (method, path), allowed in TABLE.items()
]


def harmless(path: str) -> str:
    """A path of a route that names nothing."""
    return re.sub(r"\{[^}]*\}", "0", path)


@pytest.mark.parametrize(("method", "path", "allowed"), ROWS)
def test_who_may_use_a_route(
    client: Client, headers: Callable[[str, Allowed], Header], method: str, path: str, allowed: Allowed
) -> None:
    """Whoever may not is told so before anything else; whoever may is told something else."""
    for caller in CALLERS:
        answer = client.request(method, harmless(path), headers=headers(caller, allowed))
        assert (caller, expected(caller, allowed)) == (caller, judged(answer.status_code))
        assert answer.status_code < 500, answer.text


def expected(caller: str, allowed: Allowed) -> int | None:
    role, _, lacks = caller.partition(" ")
    if role in allowed.roles and not (lacks and allowed.scope):
        return None
    return 401 if role == "anonymous" else 403


def judged(status: int) -> int | None:
    return status if status in (401, 403) else None


def bad_credentials(client: Client) -> dict[str, Header]:
    """Of all kinds, and once good ones among them."""
    service = client.service
    key, secret = service.keys.add("to be deleted", SCOPES, SYSTEM)
    orphan, _ = service.keys.shopper_token("c1", key.principal)
    service.keys.remove(key.id, SYSTEM)
    admin = serving.operator(client, "admin")
    number = int(client.get("/api/admin/me", headers=admin).json()["id"])
    service.operators.remove(number, SYSTEM)
    now = service.clock()
    then = Tokens(partial(secret_key, service.settings), lambda: now - timedelta(hours=1))
    other = Tokens(lambda: "the secret of another service, long", service.clock)
    live, _ = service.keys.add("live", {"shoppers"}, SYSTEM)
    return {
        "garbage": serving.bearer("garbage"),
        "nothing": {"authorization": "Bearer "},
        "another scheme": {"authorization": f"Basic {secret}"},
        "no scheme": {"authorization": secret},
        "a deleted key": serving.bearer(secret),
        "half a key": serving.bearer(secret[:-1]),
        "another secret of a key": serving.bearer(secret[:-64] + "0" * 64),
        "the token of a deleted key": serving.bearer(orphan),
        "a deleted operator": admin,
        "an expired token": serving.bearer(
            then.sign("shopper", timedelta(minutes=15), sub="c1", key=live.id)
        ),
        "a token of another service": serving.bearer(
            other.sign("shopper", timedelta(minutes=15), sub="c1", key=live.id)
        ),
        "a refresh token": serving.bearer(f"{'0' * 32}.{'0' * 64}"),
        "100 kB": serving.bearer("x" * 100_000),
        "no ASCII": {"authorization": "Bearer \xff\xfe"},
    }


@pytest.fixture(scope="module")
def bad(client: Client) -> dict[str, Header]:
    return bad_credentials(client)


@pytest.mark.parametrize(("method", "path", "allowed"), ROWS)
def test_bad_credentials_are_good_for_nothing(
    client: TestClient, bad: dict[str, Header], method: str, path: str, allowed: Allowed
) -> None:
    """Not even for what everyone may use: who sends some believes to be someone. Probes do not look at them."""
    answers = {
        kind: client.request(method, harmless(path), headers=latin(header)).status_code
        for kind, header in bad.items()
    }
    if allowed.free:
        assert 401 not in answers.values()
    else:
        assert answers == dict.fromkeys(bad, 401)


def latin(header: Header) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in header.items()]


def test_what_the_table_does_not_name_is_not_there(client: Client) -> None:
    admin = serving.operator(client, "admin")
    for method, path in (("GET", "/api"), ("GET", "/"), ("GET", "/openapi.json"), ("GET", "/redoc")):
        for header in (admin, {}):
            assert client.request(method, path, headers=header).status_code == 404, path


def test_the_page_shows_the_table() -> None:
    assert access.PAGE.read_text("utf-8") == access.page(), "write it anew with: python -m tests.http.access"
