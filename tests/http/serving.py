"""The service for tests: in this process, or as `youhui serve` in processes of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from youhui import bootstrap
from youhui.app import create_app
from youhui.bootstrap import Clock
from youhui.platform.settings import Settings

PROMOTIONS = "/api/marketing/promotions"
QUOTES = "/api/quotes"


@contextmanager
def client(folder: Path, clock: Clock | None = None, **settings: Any) -> Iterator[TestClient]:
    """A client of a service on a new SQLite database in this folder."""
    url = f"sqlite:///{folder / 'youhui.db'}"
    service = bootstrap.service(Settings(database_url=url, access_log=False, **settings), clock)
    with TestClient(create_app(service), raise_server_exceptions=False) as made:
        made.headers["authorization"] = "Bearer admin"
        yield made


@contextmanager
def process(database: str, *options: str) -> Iterator[str]:
    """`youhui serve` on a free port, its address; stopped as an operator would, and it must end well."""
    command = [sys.executable, "-c", "from youhui.cli import main; main()"]
    command += ["serve", "--port", "0", "--database", database, *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        found = re.search(r"http://[0-9.:]+", running.stdout.readline())
        assert found is not None, "it did not say where it listens"
        yield found.group()
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
    assert running.returncode in (0, -signal.SIGTERM)


def cart(**more: Any) -> dict[str, Any]:
    """One line of two mugs at 60.00."""
    return {"currency": "CNY", "lines": [line()], **more}


def line(**more: Any) -> dict[str, Any]:
    return {"id": "1", "sku": "MUG", "unit_price": "60.00", "quantity": 2, **more}


def promotion(name: str = "p1", **more: Any) -> dict[str, Any]:
    """10.00 off the order."""
    return {"id": name, "actions": [{"kind": "amount_off", "amount": "10.00", "target": "order"}], **more}
