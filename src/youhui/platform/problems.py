"""Everything that is answered with an error: one small tree of refusals, rendered in one shape.

`{"error": CODE, "message": …, "details": [{"path", "code", "message", "params"}], "request_id": …}`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import msgspec

from youhui.platform.languages import Language, Told, both


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent: where, its code, and its sentence in a language."""

    path: str
    code: str
    say: Callable[[Language], str]
    params: Mapping[str, str | int] = field(default_factory=dict)


class Refusal(Told):
    """A request that is not done. `params` fill its sentences; `details` name each fault of what was sent.

    `beside`: JSON values that are answered beside what every refusal has.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    sentences: ClassVar[Mapping[Language, str]]

    def __init__(
        self, details: Sequence[Fault] = (), headers: Mapping[str, str] | None = None, **params: str | int
    ):
        super().__init__(self.code)
        self.details = tuple(details)
        self.headers = dict(headers or {})
        self.params = params
        self.beside: Mapping[str, object] = {}

    def message(self, language: Language) -> str:
        """The sentence, filled in."""
        return self.sentences[language].format_map(self.params)

    def told(self, language: Language) -> Sequence[str]:
        """The sentence, and one for each fault."""
        return [self.message(language), *(f"{fault.path}: {fault.say(language)}" for fault in self.details)]


def fault(path: str, code: str, sentence: Mapping[Language, str], params: Mapping[str, str | int]) -> Fault:
    """One thing that is wrong, whose sentence is filled in with its numbers."""
    return Fault(path, code, partial(_filled, sentence, params), params)


def _filled(sentence: Mapping[Language, str], params: Mapping[str, str | int], language: Language) -> str:
    return sentence[language].format_map(params)


class Invalid(Refusal):
    """What was sent is not as the documentation says; the details say where."""

    status = 400
    code = "VALIDATION_ERROR"
    sentences = both("请求内容有误", "The request is not valid")


class InvalidForm(Invalid):
    """Its message is that of its first fault, so that a form may show it as it is."""

    def message(self, language: Language) -> str:
        """The sentence of the first fault."""
        return self.details[0].say(language)


class Unauthenticated(Refusal):
    """No credentials where some are needed, or such that are not valid (any more)."""

    status = 401
    code = "UNAUTHENTICATED"
    sentences = both("请先登录，或提供有效的访问凭证", "Log in, or send valid credentials")

    def __init__(self) -> None:
        super().__init__(headers={"www-authenticate": "Bearer"})


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    status = 403
    code = "FORBIDDEN"
    sentences = both("没有权限执行此操作", "You may not do this")


class NotFound(Refusal):
    """No such address."""

    status = 404
    code = "NOT_FOUND"
    sentences = both("没有这个地址", "There is nothing at this address")


class MethodNotAllowed(Refusal):
    """The address exists, the method does not."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    sentences = both("该地址不支持此请求方法", "This address does not know the method")


class Outdated(Refusal):
    """It was changed since the caller read it: If-Match names another version."""

    status = 412
    code = "PRECONDITION_FAILED"
    sentences = both(
        "内容已被他人修改，请刷新后重试", "It was changed since you read it; read it again and try once more"
    )


class TooLarge(Refusal):
    """The body is longer than is read."""

    status = 413
    code = "BODY_TOO_LARGE"
    sentences = both("请求内容超过 {most} 字节", "The body is longer than {most} bytes")


class TooManyRequests(Refusal):
    """More requests than the caller may make."""

    status = 429
    code = "RATE_LIMITED"
    sentences = both("请求过于频繁，请在 {seconds} 秒后重试", "Too many requests; try again in {seconds} s")

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"retry-after": str(seconds)}, seconds=seconds)


class Failed(Refusal):
    """Our fault: it is logged under the request's id."""

    status = 500
    code = "INTERNAL_ERROR"
    sentences = both("服务器内部错误", "Something went wrong on our side")


class Unavailable(Refusal):
    """The database is not there or too busy; nothing was changed. `why`: where nothing else caused it, for the log."""

    status = 503
    code = "UNAVAILABLE"
    sentences = both("服务暂时不可用，请稍后重试", "The service is not available for the moment; try again")

    def __init__(self, why: str = "") -> None:
        super().__init__(headers={"retry-after": "1"})
        self._why = why

    @property
    def cause(self) -> str:
        """What the driver said, or why, for whoever runs the service and for no one else; empty where nothing was."""
        cause = getattr(self.__cause__, "orig", self.__cause__)
        return str(cause or self._why)

    def told(self, language: Language) -> Sequence[str]:
        """With the cause."""
        return [self.message(language), *filter(None, [self.cause])]


def render(refusal: Refusal, language: Language, request_id: str) -> bytes:
    """The one shape of an error, as JSON."""
    return msgspec.json.encode(
        {
            "error": refusal.code,
            "message": refusal.message(language),
            "details": [
                {"path": f.path, "code": f.code, "message": f.say(language), "params": dict(f.params)}
                for f in refusal.details
            ],
            "request_id": request_id,
            **refusal.beside,
        }
    )


class InFlight(Refusal):
    """The same key, or the same order, is being worked on right now."""

    status = 409
    code = "IN_FLIGHT"
    sentences = both("相同的请求正在处理中，请稍后重试", "The same request is being worked on; try again")

    def __init__(self) -> None:
        super().__init__(headers={"retry-after": "1"})
