"""What every request passes through, in one ASGI wrapper: an id, the guard, a bounded body, one shape of errors, one
log line.

One wrapper and no stack of middleware: on the hot routes each layer would cost as much as the pricing of a small cart.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from youhui.platform import statements
from youhui.platform.access import Found
from youhui.platform.db import PATIENCE
from youhui.platform.guard import Guard
from youhui.platform.languages import Language, both, wanted
from youhui.platform.principals import Principal
from youhui.platform.problems import Failed, Fault, Invalid, Refusal, TooLarge, Unavailable, render

MOST = 1024 * 1024
"""bytes of a body (P23)"""

_log = structlog.get_logger()
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROCESS = secrets.token_hex(6)
_numbers = itertools.count(1)
_PLAIN_JSON = b"application/json"
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_JSON = re.compile(
    rb"\s*application/([a-z0-9.+-]+\+)?json\s*(;\s*charset\s*=\s*\"?utf-8\"?\s*)?", re.IGNORECASE
)


class Call(NamedTuple):
    """What the edge found out about a request: scope["call"]. `address` is the client's.

    `path` is decoded, with or without a slash at its end as its route has it. `device` is what X-Device-Id says.
    """

    request_id: str
    language: Language
    principal: Principal
    body: bytes
    query: bytes
    address: str = ""
    path: str = ""
    idempotency_key: bytes | None = None
    device: bytes | None = None


class Hot(NamedTuple):
    """An endpoint that answers a call with this status and a JSON body, or raises a Refusal."""

    answer: Callable[[Call], Awaitable[bytes]]
    status: int = 200


Observe: TypeAlias = Callable[[str, str, int, float], None]
"""is told of every answer: its method, the template of its route ("" if there is none), its status, its seconds"""


def call_of(scope: Scope) -> Call:
    """The call that a request belongs to."""
    call: Call = scope["call"]
    return call


def tell(refusal: Refusal, request_id: str) -> None:
    """Logs what it was that was not available: the caller is not told, and who runs the service must be."""
    if isinstance(refusal, Unavailable):
        _log.warning("unavailable", request_id=request_id, error=refusal.cause)


class Edge:
    """Wraps an application. `hot`: endpoints by method and route that a request reaches at once, past its router.

    With `access_log` each request is a log line, except those that a hot endpoint answers well: there the line would
    cost more than reading the body. What fails by our fault is logged always. Addresses are those of the peer, or what
    `address` makes of the peer and the headers.
    """

    def __init__(
        self,
        app: ASGIApp,
        hot: Mapping[tuple[str, str], Hot],
        guard: Guard,
        *,
        observe: Observe | None = None,
        address: Callable[[str, Mapping[bytes, bytes]], str] | None = None,
        access_log: bool = True,
    ) -> None:
        self._app = app
        self._hot = hot
        self._guard = guard
        self._observe = observe
        self._address = address
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers every HTTP request, also where the application raises."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = time.perf_counter()
        if self._observe is not None:
            statements.begin()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        request_id = _request_id(headers)
        answer = _Answer(send, request_id)
        language = wanted(headers.get(b"accept-language", b"").decode("latin-1"))
        template, quiet = "", False
        try:
            found = self._guard.find(method, path)
            template = found.template
            address = self._peer(scope, headers)
            principal = await self._guard.admit(found.allowed, headers, address)
            left = PATIENCE - (time.perf_counter() - began)
            body = b"" if found.allowed.streamed else await _body(headers, receive)
            if body is None:
                return None
            call = Call(request_id, language, principal, body, scope["query_string"], address,
                        found.path, headers.get(b"idempotency-key"), headers.get(b"x-device-id"))  # fmt: skip
            hot = self._hot.get((method, template))
            if hot is not None:
                await answer.whole(hot.status, await _in_time(hot.answer(call), left))
                quiet = True
            else:
                await self._routed(found, call, scope, receive, answer)
        except Refusal as refusal:
            await answer.refuse(refusal, language)
        except Exception:
            _log.exception("failed", request_id=request_id, method=method, path=path)
            await answer.refuse(Failed(), language)
        took = time.perf_counter() - began
        if self._observe is not None:
            self._observe(method, template, answer.status, took)
        if self._access_log and not quiet:
            _log.info("request", request_id=request_id, method=method, path=path,
                      status=answer.status, ms=round(took * 1000, 2))  # fmt: skip
        return None

    async def _routed(
        self, found: Found, call: Call, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        """Lets the application answer: its router finds the route under the path that the table has."""
        scope = {**scope, "call": call, "path": scope.get("root_path", "") + found.path, "raw_path": None}
        again = receive if found.allowed.streamed else _replay(call.body, receive)
        await self._app(scope, again, answer.send)

    def _peer(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        client = scope.get("client")
        peer: str = client[0] if client else ""
        return peer if self._address is None else self._address(peer, headers)


class _Answer:
    """The way back to the caller: adds the request's id and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self._request_id.encode()), _NOSNIFF]
        await self._send(message)

    async def refuse(self, refusal: Refusal, language: Language) -> None:
        """Answers with an error, unless an answer is under way."""
        if self.status:
            return
        tell(refusal, self._request_id)
        more = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
        await self.whole(refusal.status, render(refusal, language, self._request_id), [*more, _NOSNIFF])

    async def whole(self, status: int, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Answers with a JSON body and `more` headers."""
        self.status = status
        headers = [
            (b"content-type", _PLAIN_JSON),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", self._request_id.encode()),
            *more,
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


async def _in_time(answer: Awaitable[bytes], seconds: float) -> bytes:
    """Each of its steps may wait for the database, and for its turn; all together no longer. Raises Unavailable."""
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError as error:
        raise Unavailable from error


def _request_id(headers: dict[bytes, bytes]) -> str:
    """The caller's own if it is harmless in a log, else one of ours."""
    given = headers.get(b"x-request-id")
    if given is not None and _GOOD_ID.fullmatch(text := given.decode("latin-1")):
        return text
    return f"{_PROCESS}-{next(_numbers)}"


async def _body(headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
    """The whole body; None if the caller went away. Raises TooLarge before the rest is read, and Invalid if no JSON."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:18]) > MOST:
        raise TooLarge(most=MOST, headers={"connection": "close"})
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MOST:
            raise TooLarge(most=MOST, headers={"connection": "close"})
        if not message.get("more_body"):
            break
    if body and not _is_json(headers.get(b"content-type", b"")):
        raise Invalid([NOT_JSON_TYPE])
    return body


def _is_json(content_type: bytes) -> bool:
    return content_type == _PLAIN_JSON or _JSON.fullmatch(content_type) is not None


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, for an application that reads it for itself."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


NOT_JSON_TYPE = Fault(
    "",
    "not_json_type",
    both(
        "请求体须为 JSON（Content-Type: application/json，UTF-8 编码）",
        "The body must be JSON (Content-Type: application/json, in UTF-8)",
    ).__getitem__,
)
