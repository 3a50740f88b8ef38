"""`youhui serve`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from youhui.cli import opening
from youhui.cli.opening import Where

if TYPE_CHECKING:
    import socket

    from youhui.bootstrap import Service

Address = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0: any free one.", min=0, max=65535)]
Demo = Annotated[bool, typer.Option("--demo", help="Store a dozen example promotions if there are none.")]


def serve(host: Address = "127.0.0.1", port: Port = 8000, demo: Demo = False, database: Where = None) -> None:
    """Serve the HTTP API, on an up-to-date database."""
    import uvicorn

    from youhui.app import create_app
    from youhui.platform import logs, migrate

    service = opening.service(database)
    migrate.upgrade(service.database)  # what cannot be used is said before anything listens
    if demo:
        _load_demo(service)
    logs.configure()
    config = uvicorn.Config(
        create_app(service),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # whom to believe is a setting of ours, not that of uvicorn
        timeout_graceful_shutdown=10,
    )
    bound = config.bind_socket()
    address = f"http://{host}:{bound.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:  # who reads the lines may use them at once
                token = demo_token(service) if demo else None
                typer.echo(_welcome(address, service.promotions.page(0, 1)[1], token))
                sys.stdout.flush()

    Server(config).run(sockets=[bound])


def _load_demo(service: Service) -> None:
    from importlib.resources import files

    from youhui.platform.principals import SYSTEM
    from youhui.promotions.rules import read_terms

    documents = json.loads((files("youhui.cli") / "demo.json").read_text(encoding="utf-8"))
    if not service.promotions.page(0, 1)[1]:
        terms = [read_terms(document, "CNY", service.registry) for document in documents]
        service.promotions.add(terms, SYSTEM)


def demo_token(service: Service) -> str:
    """Of an operator called "demo" whose password nobody knows: the lines work until it ends, in minutes."""
    from youhui.accounts.problems import OperatorExists
    from youhui.platform.principals import SYSTEM

    try:
        operator, _ = service.operators.add("demo", "operator", None, SYSTEM)
    except OperatorExists:
        operator = service.operators.named("demo")
    return service.sessions.open(operator).access


def _welcome(url: str, stored: int, token: str | None) -> str:
    """The lines to try; the new promotion has a name that is free, however often the demo was started."""
    promotion = {**PROMOTION, "id": f"{PROMOTION['id']}-{stored}"}
    return f"""Youhui 优惠 · {url}/docs

# 访问凭证：演示令牌 15 分钟内有效，其余见 docs/accounts.md / credentials: the demo's are good for 15 minutes
export TOKEN={token or "…"}

# 算一单：第二件半价、满减、会员折扣、优惠码、包邮一起算 / price a cart that several promotions apply to
{_curl(f"{url}/api/quotes", QUOTE)}

# 优惠码用不了：差多少、怎样才能用 / a code that is refused, why, and what would make it apply
{_curl(f"{url}/api/quotes", REFUSED)}

# 新建一个促销活动，下一次算价立即生效 / store a promotion: the next quote is priced with it
{_curl(f"{url}/api/marketing/promotions", promotion)}
"""


def _curl(url: str, body: object) -> str:
    sent = json.dumps(body, ensure_ascii=False)
    return (
        f"""curl -s {url} -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{sent}'"""
    )


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
