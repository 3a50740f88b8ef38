"""Why somebody is not let through, and what is not there."""

from __future__ import annotations

from functools import partial

from youhui.checkout.abuse.model import Block, Kind
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Refusal

KIND_NAMES = {
    "customer": both("顾客", "customer"),
    "device": both("设备", "device"),
    "person": both("自然人", "person"),
    "ip": both("IP 地址", "address"),
}


class TooOften(Refusal):
    """More than one customer, device, person or address may do. The details say by which rule: "claim.device"."""

    status = 429
    code = "TOO_MANY_REQUESTS"
    sentences = both("操作过于频繁，请在 {seconds} 秒后重试", "Too often; try again in {seconds} s")

    def __init__(self, rule: str, seconds: int) -> None:
        kind = rule.rpartition(".")[2]
        fault = Fault("", "too_often", partial(_too_often, kind), {"rule": rule, "seconds": seconds})
        super().__init__([fault], {"retry-after": str(seconds)}, seconds=seconds)
        self.rule = rule


class Blocked(Refusal):
    """The customer, device, person or address is blocked. Only the shop is told which, and why, in the details."""

    status = 403
    code = "BLOCKED"
    sentences = both("暂时无法进行此操作，请联系客服", "This is not possible; contact the shop's support")

    def __init__(self, block: Block, *, told: bool) -> None:
        self.rule = f"blocked.{block.kind}"
        params = {"rule": self.rule, "reason": block.reason}
        say = partial(_blocked, block.kind, block.reason)
        super().__init__([Fault("", "blocked", say, params)] if told else [])


class NotBlocked(Refusal):
    """There is no such entry in the block list."""

    status = 404
    code = "BLOCK_NOT_FOUND"
    sentences = both("{value} 不在封禁名单中", "{value} is not blocked")


class NoBreaker(Refusal):
    """The campaign has no breaker."""

    status = 404
    code = "BREAKER_NOT_FOUND"
    sentences = both("活动 {promotion} 没有设置熔断", "The campaign {promotion} has no breaker")


_TOO_OFTEN = both("该{kind}操作过于频繁", "Too often by this {kind}")
_BLOCKED = both("该{kind}已被封禁：{reason}", "This {kind} is blocked: {reason}")


def _too_often(kind: str, language: Language) -> str:
    return _TOO_OFTEN[language].format(kind=KIND_NAMES[kind][language])


def _blocked(kind: Kind, reason: str, language: Language) -> str:
    return _BLOCKED[language].format(kind=KIND_NAMES[kind][language], reason=reason)
