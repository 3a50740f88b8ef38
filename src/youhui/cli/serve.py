"""`youhui serve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from youhui.cli import demo, opening
from youhui.cli.opening import Where

if TYPE_CHECKING:
    import socket

    from youhui.bootstrap import Service

Address = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0: any free one.", min=0, max=65535)]
Demo = Annotated[
    bool,
    typer.Option("--demo", help="Store an example shop with promotions and discounts, if there is none."),
]


def serve(
    host: Address = "127.0.0.1", port: Port = 8000, with_demo: Demo = False, database: Where = None
) -> None:
    """Serve the HTTP API, on an up-to-date database."""
    import uvicorn

    from youhui.app import create_app
    from youhui.platform import logs, migrate
    from youhui.platform.protocol import Protocol

    service = opening.service(database)
    migrate.upgrade(service.database)  # what cannot be used is said before anything listens …
    service.jobs.schedule()  # … also that it may only be read …
    service.identities.ready()  # … and in one sentence
    if with_demo:
        demo.load(service)
    logs.configure()
    config = uvicorn.Config(
        create_app(service),
        host=host,
        port=port,
        http=Protocol,
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
                typer.echo(_welcome(address, service, with_demo))
                sys.stdout.flush()

    Server(config).run(sockets=[bound])


def _welcome(url: str, service: Service, with_demo: bool) -> str:
    if not with_demo:
        return f"Youhui 优惠 · {url}/docs"
    return f"""Youhui 优惠 · {url}/docs

# 访问凭证：演示令牌 15 分钟内有效，其余见 docs/accounts.md / credentials: the demo's are good for 15 minutes
export TOKEN={demo.token(service)}
{demo.lines(url, service.promotions.page(0, 1)[1])}"""
