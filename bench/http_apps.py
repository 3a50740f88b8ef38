"""`python -m bench.http_apps youhui|floor|echo` serves one of them on a free port, which it prints.

The floor behind bare ASGI, and FastAPI echoing our bodies, are what `POST /api/quotes` is measured against.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from bench import floor

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON = (b"content-type", b"application/json")

_match = floor.matcher(1000)


async def floor_app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Bare ASGI, msgspec and the hand-written quote."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    answer = floor.quote(body, _match)
    head = [JSON, (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": answer})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EchoLine(_Strict):
    id: str
    sku: str
    unit_price: str
    quantity: int
    categories: list[str]


class EchoCustomer(_Strict):
    id: str
    groups: list[str]


class EchoCart(_Strict):
    currency: str
    customer: EchoCustomer
    lines: list[EchoLine]


echo_app = FastAPI()


@echo_app.post("/api/quotes", response_model=EchoCart)
async def echo(cart: EchoCart) -> EchoCart:
    """Validates and echoes, and does nothing else."""
    return cart


def _serve(name: str) -> None:
    from youhui.app import create_app
    from youhui.platform import logs

    logs.configure()  # as `youhui serve` does
    apps: dict[str, Callable[[], Any]] = {
        "youhui": create_app,
        "floor": lambda: floor_app,
        "echo": lambda: echo_app,
    }
    app = apps[name]()
    config = uvicorn.Config(
        app, port=0, log_level="error", access_log=False, lifespan="off" if name == "floor" else "on"
    )
    listening = config.bind_socket()
    listening.listen(128)  # what comes before the server is ready waits in the queue
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    _serve(sys.argv[1])
