"""Whether somebody may act, as far as abuse goes: asked before anything is done, by every way in."""

from __future__ import annotations

from collections import Counter

import structlog

from youhui.checkout.abuse.blocking import BlockList
from youhui.checkout.abuse.model import Action, Risk
from youhui.checkout.abuse.problems import Blocked, TooOften
from youhui.checkout.abuse.wrong_codes import WrongCodes
from youhui.platform.ratelimit import RateLimits

_log = structlog.get_logger()


class Abuse:
    """The checks. `refused` counts what is refused, by rule: "claim.device", "blocked.ip", "wrong_code.customer"."""

    def __init__(
        self, limits: RateLimits, blocked: BlockList, wrong_codes: WrongCodes, refused: Counter[str]
    ) -> None:
        self._limits = limits
        self._blocked = blocked
        self._wrong_codes = wrong_codes
        self._refused = refused

    def admit(self, action: Action, risk: Risk) -> None:
        """Counts an action of this caller, unless it is refused. Never waits. Raises Blocked, TooOften."""
        block = self._blocked.find(risk)
        if block is not None:
            raise self._told(Blocked(block, told=risk.trusted), action, risk)
        refused = self._limits.take_all({f"{action}.{kind}": key for kind, key in risk.keys().items()})
        if refused is not None:
            raise self._told(TooOften(*refused), action, risk)

    def may_try_code(self, risk: Risk) -> None:
        """Before a code is looked at, be it right or wrong. Waits for the database. Raises TooOften, Unavailable."""
        kind, seconds = self._wrong_codes.too_many(risk)
        if seconds:
            raise self._told(TooOften(f"wrong_code.{kind}", seconds), "redeem_code", risk)

    def wrong_code(self, risk: Risk) -> None:
        """A code was wrong. Waits for the database. Raises Unavailable."""
        self._wrong_codes.add(risk)

    def _told(self, refusal: Blocked | TooOften, action: Action, risk: Risk) -> Blocked | TooOften:
        """Every refusal is counted and logged; codes are in no line."""
        self._refused[refusal.rule] += 1
        _log.warning("refused", rule=refusal.rule, action=action, customer=risk.customer)
        return refusal
