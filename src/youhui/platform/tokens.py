"""JSON Web Tokens (RFC 7519, as RFC 8725 advises): the service's own, and those of the shop's issuer.

The algorithm, the issuer and the audience are fixed by us, never by the token; where keys are fetched from as well.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import jwt
from jwt.types import Options

from youhui.platform.jwks import KeySet
from youhui.platform.problems import Unauthenticated
from youhui.platform.settings import Jwt

Clock: TypeAlias = Callable[[], datetime]

OURS = "youhui"
"""issuer and audience of the service's own tokens"""
SKEW = timedelta(seconds=30)
"""how far the clock of the shop's issuer may be ahead of ours"""

_LAST_INSTANT = 253_402_300_799  # 9999-12-31T23:59:59Z
_OPTIONS: Options = {
    "require": ["exp", "iss", "aud"],
    "verify_exp": False,  # by our own clock instead …
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,  # … and a customer may be a number
}


@dataclass(frozen=True, slots=True)
class Token:
    """The claims of a token that is genuine and in force, and when it ends."""

    claims: Mapping[str, object]
    expires: datetime

    def text(self, claim: str) -> str:
        """A claim that must be a text; numbers are kept as texts. Raises Unauthenticated."""
        value = self.claims.get(claim)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise Unauthenticated
        return str(value)


class Tokens:
    """Signs and verifies the service's own. The `secret` is asked for once, when it is first needed."""

    def __init__(self, secret: Callable[[], str], clock: Clock) -> None:
        self._secret = secret
        self._clock = clock
        self._key = b""

    def ready(self) -> bytes:
        """The key that signs: not the secret itself, so that what else is signed with that is no token of ours.

        Raises whatever the secret raises.
        """
        if not self._key:
            self._key = hmac.digest(self._secret().encode(), b"youhui tokens", hashlib.sha256)
        return self._key

    def sign(self, kind: str, lasts: timedelta, **claims: str) -> str:
        """A token of a kind, in force from now on."""
        now = self._clock()
        times = {"iat": int(now.timestamp()), "exp": math.ceil((now + lasts).timestamp())}
        return jwt.encode({"iss": OURS, "aud": OURS, "typ": kind, **claims, **times}, self.ready(), "HS256")

    def read(self, token: str) -> Token:
        """Of any kind: its claim `typ` says which. Raises Unauthenticated."""
        return _verified(token, self.ready(), "HS256", OURS, self._clock())


class Issuer:
    """Verifies the tokens of the shop's own issuer."""

    def __init__(self, settings: Jwt, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._keys = KeySet(settings.jwks_url, clock) if settings.jwks_url else None

    def read(self, token: str) -> Token:
        """Raises Unauthenticated, and Unavailable where its keys cannot be fetched."""
        settings = self._settings
        key = self._key(token)
        return _verified(token, key, settings.algorithm, settings.issuer, self._clock(), settings.audience)

    def _key(self, token: str) -> jwt.PyJWK | str:
        if self._keys is not None:
            return self._keys.key(_header(token).get("kid"))
        assert self._settings.secret is not None
        return self._settings.secret.get_secret_value()


def _header(token: str) -> Mapping[str, object]:
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthenticated from None


def _verified(
    token: str, key: jwt.PyJWK | str | bytes, algorithm: str, issuer: str, now: datetime, audience: str = OURS
) -> Token:
    try:
        claims = jwt.decode(token, key, [algorithm], _OPTIONS, issuer=issuer, audience=audience)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthenticated from None
    expires = _instant(claims["exp"])
    if now >= expires or now + SKEW < _instant(claims.get("nbf", 0)):
        raise Unauthenticated
    return Token(claims, expires)


def _instant(seconds: object) -> datetime:
    """Raises Unauthenticated for what is no time; NaN is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise Unauthenticated
    return datetime.fromtimestamp(min(seconds, _LAST_INSTANT), UTC)
