"""The service for tests: in this process, or as `youhui serve` in processes of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, cast

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from tests import prepared
from youhui import bootstrap
from youhui.accounts import store
from youhui.accounts.model import ACCESS, Operator, Session, StaffRole
from youhui.app import create_app
from youhui.bootstrap import Clock, Service
from youhui.checkout.abuse.model import ACTIONS, KINDS
from youhui.platform import migrate
from youhui.platform.keyfile import secret_key
from youhui.platform.principals import SYSTEM, Scope
from youhui.platform.settings import Settings
from youhui.platform.tokens import Tokens

PROMOTIONS = "/api/marketing/promotions"
QUOTES = "/api/quotes"


UNLIMITED = dict.fromkeys(("anonymous", "shopper", "operator", "log_in", "storefront"))
"""settings of limits: tests ask often, and those of the limits set some"""
UNGUARDED: dict[str, dict[str, None]] = {
    **{action: dict.fromkeys(KINDS) for action in ACTIONS},
    "wrong_codes": {"customer": None, "device": None, "ip": None},
}
"""settings of abuse: as above"""
SECRET = "a secret that only tests know, 32+"
"""of every service here: tokens of one are good at all others on the same database"""
AGES = timedelta(days=20_000)
"""how long the tokens of operators are good, so that a test may turn its clock"""


class Client(TestClient):
    """A client of a service in this process, by default as an admin."""

    service: Service

    @property
    def application(self) -> FastAPI:
        """What the edge is around."""
        found = cast("Any", self.app)._app
        assert isinstance(found, FastAPI)
        return found


@contextmanager
def client(folder: Path, clock: Clock | None = None, **settings: Any) -> Iterator[Client]:
    """A client of a service on a new SQLite database in this folder."""
    url = f"sqlite:///{folder / 'youhui.db'}"
    given: dict[str, Any] = {
        "database_url": url,
        "access_log": False,
        "secret_key": SECRET,
        "limits": UNLIMITED,
        "abuse": UNGUARDED,
    }
    if settings.get("database_url", url) == url:
        prepared.on_sqlite(url)
    service = bootstrap.service(Settings(**{**given, **settings}), clock)
    made = Client(create_app(service), raise_server_exceptions=False)
    made.service = service
    migrate.upgrade(service.database)
    made.headers.update(as_operator(service, "admin"))
    with made:
        yield made


def operator(client: TestClient, role: StaffRole) -> dict[str, str]:
    """The header of a new operator."""
    return as_operator(_service(client), role)


def key(client: TestClient, *scopes: Scope) -> dict[str, str]:
    """The header of a new API key with these scopes."""
    return as_key(_service(client), *scopes)


def shopper(client: TestClient, customer: str) -> dict[str, str]:
    """The header of a customer, whose token a new API key has made."""
    service = _service(client)
    made, _ = service.keys.add("shop", {"shoppers"}, SYSTEM)
    return bearer(service.keys.shopper_token(customer, made.principal)[0])


def as_operator(service: Service, role: StaffRole) -> dict[str, str]:
    """The header of a new operator, who has a session without having logged in: hashing passwords takes long."""
    now = service.clock()
    new = Operator(
        id=0, name=f"{role}-{token_hex(4)}", role=role, active=True, version=1,
        created_at=now, updated_at=now, password="",
    )  # fmt: skip
    with service.database.writing() as connection:
        added = store.add_operator(connection, new)
        session = Session(id=token_hex(16), operator_id=added.id, secret="", expires_at=now + AGES)
        store.add_session(connection, session)
    tokens = Tokens(partial(secret_key, service.settings), service.clock)
    return bearer(tokens.sign(ACCESS, AGES, sub=str(added.id), session=session.id))


def as_key(service: Service, *scopes: Scope) -> dict[str, str]:
    """The header of a new API key."""
    return bearer(service.keys.add("tests", scopes, SYSTEM)[1])


def bearer(credentials: str) -> dict[str, str]:
    """The header that carries credentials."""
    return {"authorization": f"Bearer {credentials}"}


def _service(client: TestClient) -> Service:
    assert isinstance(client, Client)
    return client.service


def admin(database: str) -> dict[str, str]:
    """The header of a new admin of a service that runs as a process on this database."""
    with _beside(database) as service:
        return as_operator(service, "admin")


def storefront(database: str, *scopes: Scope) -> dict[str, str]:
    """The header of a new API key of a service that runs as a process on this database."""
    with _beside(database) as service:
        return as_key(service, *scopes)


@contextmanager
def _beside(database: str) -> Iterator[Service]:
    service = bootstrap.service(Settings(database_url=database, secret_key=SecretStr(SECRET)))
    yield service
    service.database.close()


@contextmanager
def process(database: str, *options: str, errors: IO[str] | None = None, **environment: str) -> Iterator[str]:
    """`youhui serve` on a free port, its address; stopped as an operator would, and it must end well."""
    with spawned(database, *options, errors=errors, said=None, **environment) as (running, address):
        yield address
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=20)
    assert running.returncode in (0, -signal.SIGTERM)


@contextmanager
def spawned(
    database: str,
    *options: str,
    errors: IO[str] | None = None,
    said: deque[str] | None = None,
    **environment: str,
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`youhui serve` on a free port and its address, for who wants to end it; killed at the latest at the end.

    `said` is given the lines that it writes.
    """
    heard = deque[str](maxlen=0) if said is None else said
    command = [sys.executable, "-c", "from youhui.cli import main; main()"]
    command += ["serve", "--port", "0", "--database", database, *options]
    unlimited = {f"YOUHUI_LIMITS__{name.upper()}": "null" for name in UNLIMITED}
    unlimited |= {
        f"YOUHUI_ABUSE__{part}__{kind}".upper(): "null" for part, kinds in UNGUARDED.items() for kind in kinds
    }
    variables = {**os.environ, "YOUHUI_SECRET_KEY": SECRET, **unlimited, **environment}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=variables)
    assert running.stdout is not None
    drain = None
    try:
        lines = (re.search(r"http://[0-9.:]+", line) for line in running.stdout)
        found = next(filter(None, lines), None)  # a warning may come first
        assert found is not None, "it did not say where it listens"
        drain = threading.Thread(target=heard.extend, args=(running.stdout,))  # else the pipe fills up
        drain.start()
        yield running, found.group()
    finally:
        running.kill()
        running.wait(timeout=20)
        if drain is not None:
            drain.join(timeout=20)
        running.stdout.close()


def cart(**more: Any) -> dict[str, Any]:
    """One line of two mugs at 60.00."""
    return {"currency": "CNY", "lines": [line()], **more}


def line(**more: Any) -> dict[str, Any]:
    return {"id": "1", "sku": "MUG", "unit_price": "60.00", "quantity": 2, **more}


def promotion(name: str = "p1", **more: Any) -> dict[str, Any]:
    """10.00 off the order."""
    return {"id": name, "actions": [{"kind": "amount_off", "amount": "10.00", "target": "order"}], **more}
