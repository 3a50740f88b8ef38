"""`youhui serve` and `youhui db`."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import socket

    from youhui.bootstrap import Service

# What needs the extra `server` is imported when it is used: `youhui price` works without, and starts quickly.


class Task(StrEnum):
    """What to do with the database."""

    upgrade = "upgrade"
    check = "check"


Address = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0: any free one.", min=0, max=65535)]
Demo = Annotated[bool, typer.Option("--demo", help="Store a dozen example promotions if there are none.")]
Where = Annotated[
    str | None, typer.Option(help="Its URL [default: YOUHUI_DATABASE_URL, else var/youhui.db].")
]


def serve(host: Address = "127.0.0.1", port: Port = 8000, demo: Demo = False, database: Where = None) -> None:
    """Serve the HTTP API, on an up-to-date database."""
    import uvicorn

    from youhui.app import create_app
    from youhui.platform import logs

    service = _service(database)
    if demo:
        _load_demo(service)
    logs.configure()
    config = uvicorn.Config(
        create_app(service),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )
    bound = config.bind_socket()
    address = f"http://{host}:{bound.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:  # who reads the lines may use them at once
                typer.echo(_welcome(address, service.promotions.page(0, 1)[1]))
                sys.stdout.flush()

    Server(config).run(sockets=[bound])


def db(task: Annotated[Task, typer.Argument(help="What to do.")], database: Where = None) -> None:
    """Bring the database to the tables of this version, or check that it has them."""
    from youhui.platform import migrate

    service = _service(database)
    if task is Task.upgrade:
        migrate.upgrade(service.database)
    else:
        migrate.check(service.database)
    service.database.close()


def _service(database: str | None) -> Service:
    from youhui import bootstrap
    from youhui.platform.settings import Settings

    given: dict[str, Any] = {} if database is None else {"database_url": database}
    return bootstrap.service(Settings(**given))


def _load_demo(service: Service) -> None:
    from importlib.resources import files

    from youhui.platform import migrate
    from youhui.platform.principals import SYSTEM
    from youhui.promotions.rules import read_terms

    migrate.upgrade(service.database)
    documents = json.loads((files("youhui.cli") / "demo.json").read_text(encoding="utf-8"))
    if not service.promotions.page(0, 1)[1]:
        terms = [read_terms(document, "CNY", service.registry) for document in documents]
        service.promotions.add(terms, SYSTEM)


def _welcome(url: str, stored: int) -> str:
    """The lines to try; the new promotion has a name that is free, however often the demo was started."""
    promotion = {**PROMOTION, "id": f"{PROMOTION['id']}-{stored}"}
    return f"""Youhui 优惠 · {url}/docs

# 算一单：第二件半价、满减、会员折扣、优惠码、包邮一起算 / price a cart that several promotions apply to
{_curl(f"{url}/api/quotes", QUOTE)}

# 优惠码用不了：差多少、怎样才能用 / a code that is refused, why, and what would make it apply
{_curl(f"{url}/api/quotes", REFUSED)}

# 新建一个促销活动，下一次算价立即生效 / store a promotion: the next quote is priced with it
{_curl(f"{url}/api/marketing/promotions", promotion)}
"""


def _curl(url: str, body: object) -> str:
    return f"curl -s {url} -H 'Content-Type: application/json' -d '{json.dumps(body, ensure_ascii=False)}'"


QUOTE = {
    "currency": "CNY",
    "customer": {"id": "c1", "groups": ["会员"], "orders_count": 2},
    "lines": [
        {"id": "1", "sku": "TEE-WHITE", "categories": ["服装"], "unit_price": "129.00", "quantity": 2},
        {"id": "2", "sku": "MUG-RED", "categories": ["家居"], "unit_price": "49.00", "quantity": 2},
    ],
    "shipping": {"price": "12.00"},
    "codes": ["SAVE10"],
}
REFUSED = {
    "currency": "CNY",
    "lines": [{"id": "1", "sku": "SOCKS", "categories": ["服装"], "unit_price": "86.00", "quantity": 1}],
    "shipping": {"price": "12.00"},
    "codes": ["SAVE10"],
    "hints": True,
}
PROMOTION = {
    "id": "double11",
    "name": "双11 全场 9 折",
    "currency": "CNY",
    "actions": [{"kind": "percent_off", "target": "order", "percent": "10"}],
}
