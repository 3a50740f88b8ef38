"""Whom a request is counted for: the peer, or whom trusted proxies say that they ask for."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.platform.addresses import LONGEST, Addresses, household

TRUSTED = [ip_network("203.0.113.0/24"), ip_network("2001:db8:ffff::/48")]
PROXY, OTHER_PROXY, PROXY_6 = "203.0.113.1", "203.0.113.2", "2001:db8:ffff::1"
CLIENT, CLIENT_6, FORGED = "198.51.100.7", "2001:db8::7", "192.0.2.66"


def client(peer: str, forwarded: str | None) -> str:
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode("latin-1")}
    return Addresses(TRUSTED)(peer, headers)


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        # who is no proxy of ours speaks for himself
        (CLIENT, None, CLIENT),
        (CLIENT, FORGED, CLIENT),
        (CLIENT, f"{FORGED}, {PROXY}", CLIENT),
        ("", FORGED, ""),
        ("a-socket", FORGED, "a-socket"),
        # a proxy asks for itself, or for whom it says
        (PROXY, None, PROXY),
        (PROXY, CLIENT, CLIENT),
        (PROXY_6, CLIENT_6, CLIENT_6),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        # what stands further left was written by the client
        (PROXY, f"{FORGED}, {CLIENT}", CLIENT),
        (PROXY, f"{PROXY}, {CLIENT}", CLIENT),
        (PROXY, f"rubbish, {CLIENT}", CLIENT),
        (PROXY, f"{FORGED},{CLIENT} ,{OTHER_PROXY}", CLIENT),
        (PROXY, f"{FORGED}, {CLIENT}, {PROXY_6}, {OTHER_PROXY}", CLIENT),
        # nothing but proxies: the first of them asked
        (PROXY, f"{OTHER_PROXY}, {PROXY_6}", OTHER_PROXY),
        # other ways to write an address
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, f"[{CLIENT_6}]:4711", CLIENT_6),
        (PROXY, f"[{CLIENT_6}]", CLIENT_6),
        (PROXY, "2001:DB8:0:0::7", CLIENT_6),
        (PROXY, f"::ffff:{CLIENT}", CLIENT),
        # what cannot be read says nothing
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{CLIENT}, ", PROXY),
        (PROXY, f"{CLIENT}, _hidden", PROXY),
        (PROXY, f"{CLIENT}, {OTHER_PROXY}, 1.2.3", PROXY),
        (PROXY, "fe80::1%eth0", PROXY),
        (PROXY, "１.2.3.4".encode().decode("latin-1"), PROXY),
        (PROXY, f"{' ' * LONGEST}{CLIENT}", PROXY),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(
    peer: str, forwarded: str | None, found: str
) -> None:
    assert client(peer, forwarded) == found


@given(st.text(st.characters(max_codepoint=255), max_size=80))
def test_what_a_client_writes_changes_nothing(written: str) -> None:
    """Its proxy adds on the right whom it was asked by."""
    assert client(PROXY, f"{written}, {CLIENT}") == CLIENT
    assert client(CLIENT, written) == CLIENT


def test_nobody_is_believed_unless_some_are_trusted() -> None:
    assert Addresses([])(PROXY, {b"x-forwarded-for": CLIENT.encode()}) == PROXY


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("198.51.100.7", "::ffff:198.51.100.7", True),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
        ("a-socket", "another", False),
    ],
)
def test_who_counts_as_one_caller(one: str, other: str, same: bool) -> None:
    assert (household(one) == household(other)) is same
