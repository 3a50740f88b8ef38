"""What is stored of a password, and that asking takes as long for nobody as for someone."""

from __future__ import annotations

import re

import pytest

from youhui.platform.passwords import _OF_NOBODY, hashed, matches


def test_a_password_is_a_salted_argon2id_hash() -> None:
    one, two = hashed("密码 correct horse"), hashed("密码 correct horse")
    assert one != two
    assert matches("密码 correct horse", one)
    assert not matches("密码 correct horse ", one)


def test_nobody_has_a_hash_of_the_same_cost() -> None:
    """Else who is slow to be refused would be known to exist."""

    def cost(stored: str) -> list[str]:
        *parameters, salt, digest = stored.split("$")
        return [*parameters, str(len(salt) >= 20), str(len(digest) >= 40)]

    assert cost(_OF_NOBODY) == cost(hashed("x"))
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", _OF_NOBODY)


@pytest.mark.parametrize("password", ["", "x", "\0" * 33])
@pytest.mark.parametrize("stored", [None, ""])
def test_nobody_has_a_password(password: str, stored: str | None) -> None:
    assert not matches(password, stored)
