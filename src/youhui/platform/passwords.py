"""Passwords, as argon2id hashes."""

from __future__ import annotations

from base64 import b64encode
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_MEMORY, _PASSES, _LANES = 19_456, 2, 1
"""KiB and rounds of one hash, as OWASP recommends them: tens of milliseconds"""
_ALGORITHM = PasswordHash((Argon2Hasher(time_cost=_PASSES, memory_cost=_MEMORY, parallelism=_LANES),))
_AT_ONCE = BoundedSemaphore(4)
"""hashes at a time: a flood of log-ins must not take all memory"""
_OF_NOBODY = (
    f"$argon2id$v=19$m={_MEMORY},t={_PASSES},p={_LANES}"
    f"${b64encode(bytes(15)).decode()}${b64encode(bytes(33)).decode()}"
)


def hashed(password: str) -> str:
    """What is stored of a password. Takes long: not for the event loop."""
    with _AT_ONCE:
        return _ALGORITHM.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the one that was stored. Takes as long where nothing was: nobody learns who has an account."""
    with _AT_ONCE:
        return _ALGORITHM.verify(password, stored or _OF_NOBODY) and bool(stored)
