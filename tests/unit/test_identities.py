"""What is held of credentials is bounded, and nobody is refused because the database is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.unit.test_tokens import SHARED, Clock, by_secret, claims, unchecked
from youhui.accounts import lookup
from youhui.accounts.lookup import Identities
from youhui.platform.db import Database
from youhui.platform.problems import Unauthenticated, Unavailable
from youhui.platform.tokens import Tokens


class Away(Database):
    """A database that nobody reaches."""

    def reading(self, within: float | None = None) -> NoReturn:
        raise Unavailable


@pytest.fixture
def identities(tmp_path: Path) -> Iterator[Identities]:
    database, clock = Away(f"sqlite:///{tmp_path / 'none.db'}"), Clock()
    yield Identities(database, clock, Tokens(lambda: "s" * 32, clock), by_secret(clock))
    database.close()


def of_customer(number: int) -> str:
    return unchecked(claims(sub=f"c{number}"), SHARED)


def test_a_customer_of_the_shops_issuer_needs_no_database(identities: Identities) -> None:
    token = of_customer(1)
    assert identities.identify(token).name == "shopper:c1"
    assert identities.held(token) == identities.identify(token)


@pytest.mark.parametrize("customer", ["", " ", "a b", "a,b", "a\0", "x" * 65, "\ud800"])
def test_a_customer_has_an_id_of_the_shop(identities: Identities, customer: str) -> None:
    with pytest.raises(Unauthenticated):
        identities.identify(unchecked(claims(sub=customer), SHARED))


def test_without_a_database_a_key_is_neither_good_nor_bad(identities: Identities) -> None:
    secret = f"yh_{'0' * 16}_{'0' * 64}"
    for _ in range(2):
        with pytest.raises(Unavailable):
            identities.identify(secret)
        assert identities.held(secret) is None


def test_what_is_held_is_bounded(identities: Identities, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MOST_HELD", 10)
    monkeypatch.setattr(lookup, "MOST_REFUSED", 10)
    tokens = [of_customer(number) for number in range(15)]
    for token in tokens:
        identities.identify(token)
        with pytest.raises(Unauthenticated):
            identities.identify(token + "x")
    assert [identities.held(token) is not None for token in tokens] == [False] * 5 + [True] * 10
    assert identities.held(tokens[4] + "x") is None
    with pytest.raises(Unauthenticated):
        identities.held(tokens[5] + "x")


def test_what_is_long_is_refused_unread(identities: Identities) -> None:
    with pytest.raises(Unauthenticated):
        identities.held("x" * (lookup.LONGEST + 1))
    assert identities.held("x" * lookup.LONGEST) is None
