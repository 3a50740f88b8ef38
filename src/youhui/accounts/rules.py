"""What names, passwords, keys and ids look like, and how long a log-in is locked after failures. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from youhui.accounts.model import KEY_START, Attempts
from youhui.accounts.problems import invalid
from youhui.platform.addresses import household

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
FORGOTTEN = timedelta(hours=1)
"""attempts are, after so long without another; no lock is longer"""

_NAME = re.compile(r"\w[\w.@+-]{0,63}")
_PASSWORD = re.compile(rf"[^\x00-\x1f\x7f\ud800-\udfff]{{{SHORTEST_PASSWORD},{LONGEST_PASSWORD}}}")
_LABEL = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,100}")
_KEY = re.compile(rf"{KEY_START}([0-9a-f]{{16}})_[0-9a-f]{{64}}", re.ASCII)
_SESSION = re.compile(r"([0-9a-f]{32})\.[0-9a-f]{64}", re.ASCII)


def normal_name(given: str) -> str:
    """An operator's name as it is stored and compared: Admin, ＡＤＭＩＮ and admin are one."""
    return unicodedata.normalize("NFKC", given).strip().casefold()


def checked_name(given: str) -> str:
    """The normal form. Raises Invalid for what is no name."""
    name = normal_name(given)
    if _NAME.fullmatch(name) is None:
        raise invalid("name", "not_a_name")
    return name


def check_password(path: str, password: str, name: str) -> None:
    """Long enough and not the name: what else one asks makes people choose worse ones. Raises Invalid."""
    if _PASSWORD.fullmatch(password) is None:
        raise invalid(path, "password_length", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
    if normal_name(password) == name:
        raise invalid(path, "password_is_name")


def checked_label(path: str, given: str) -> str:
    """What people call something, without the spaces around it. Raises Invalid."""
    label = given.strip()
    if _LABEL.fullmatch(label) is None:
        raise invalid(path, "not_a_label")
    return label


def digest(secret: str) -> str:
    """What is stored of a random secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_id(credentials: str) -> str | None:
    """The id that is written in an API key: yh_<id>_<secret>."""
    found = _KEY.fullmatch(credentials)
    return None if found is None else found[1]


def session_id(refresh: str) -> str | None:
    """The session that is written in a refresh token: <session>.<secret>."""
    found = _SESSION.fullmatch(refresh)
    return None if found is None else found[1]


def account(name: str) -> str:
    """What attempts on an account are counted under: no name, since people type passwords there."""
    return f"account:{digest(name)}"


def address(client: str) -> str:
    """What attempts from an address are counted under."""
    return f"address:{household(client)[:64]}"


def account_lock(attempts: int) -> timedelta:
    """How long an account stays closed after so many: 4 are free, then 30 s … 15 min."""
    return _growing(attempts - 4, timedelta(seconds=30), timedelta(minutes=15))


def address_lock(attempts: int) -> timedelta:
    """The same of an address, which many people may share: 20 are free, then 1 min … 1 h."""
    return _growing(attempts - 20, timedelta(minutes=1), timedelta(hours=1))


def _growing(beyond: int, first: timedelta, most: timedelta) -> timedelta:
    if beyond <= 0:
        return timedelta(0)
    return min(first * (1 << min(beyond - 1, 20)), most)


def one_more(so_far: Attempts, at: datetime, lock: Callable[[int], timedelta]) -> Attempts:
    """With an attempt at an instant, counted as failed until the password has turned out right."""
    attempts = 1 if so_far.last_at + FORGOTTEN <= at else so_far.attempts + 1
    return replace(so_far, attempts=attempts, last_at=at, locked_until=at + lock(attempts))


def one_less(so_far: Attempts) -> Attempts:
    """Without the last attempt and the lock that it brought, since it was right."""
    return replace(so_far, attempts=max(so_far.attempts - 1, 0), locked_until=so_far.last_at)
