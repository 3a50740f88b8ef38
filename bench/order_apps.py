"""`python -m bench.order_apps youhui|batched|single|priced URL` serves one of them on a free port, which it prints.

`single` is `priced` without the pricing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import uvicorn
from sqlalchemy import make_url

from bench import order_bodies as bodies
from bench import order_references as references
from bench.http_apps import JSON, Receive, Send

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "16"))
"""of the pool of a statement a request"""
App: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def reference(name: str, url: str) -> App:
    """Bare ASGI round a reference."""
    way = references.Batched(url) if name == "batched" else references.Single(url, CONNECTIONS)
    freeze = bodies.Pricing() if name == "priced" else bodies.unpriced

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(way, receive, send)
        if scope["method"] == "GET":
            return await _send(send, 200, b"{}")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        key = dict(scope["headers"])[b"idempotency-key"].decode()
        one = bodies.taken(body, key, freeze)
        status, answer = (201, bodies.answer(one)) if await way.take(one) else (409, b"{}")
        return await _send(send, status, answer)

    return app


async def _send(send: Send, status: int, answer: bytes) -> None:
    head = [JSON, (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": answer})


async def _lifespan(way: references.Batched | references.Single, receive: Receive, send: Send) -> None:
    await receive()
    await way.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await way.stop()
    await send({"type": "lifespan.shutdown.complete"})


def _youhui(url: str) -> Any:
    from youhui.app import create_app
    from youhui.bootstrap import service
    from youhui.platform import logs
    from youhui.platform.settings import Settings

    logs.configure()  # as `youhui serve` does
    return create_app(service(Settings(database_url=url)))


def main(name: str, url: str) -> None:
    """Serves until it is told to end; the first line that it prints is its port."""
    if name == "youhui":
        app = _youhui(url)
    else:
        app = reference(name, make_url(url).set(drivername="postgresql").render_as_string(False))
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="on")
    listening = config.bind_socket()
    listening.listen(128)  # what comes before the server is ready waits in the queue
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
