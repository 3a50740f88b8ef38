"""Where a request comes from: the peer, or whom a proxy of ours says that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST = 1024
"""bytes of X-Forwarded-For that are believed: proxies write a few addresses"""


class Addresses:
    """Believes X-Forwarded-For only as far as proxies that are trusted have written it.

    Each proxy adds on the right whom it was asked by. So the header is read from the right, beginning at the peer, and
    the first that is no trusted proxy is the client: what a client writes into the header itself stands further left.
    Of several such headers the last one counts, which the nearest proxy has written.
    """

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)
        self._found = lru_cache(maxsize=4096)(self._find)

    def __call__(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """The client's address, as text. A header that cannot be read says nothing: the answer is the peer then."""
        forwarded = headers.get(b"x-forwarded-for")
        if forwarded is None or not self._trusted or len(forwarded) > LONGEST:
            return peer
        return self._found(peer, forwarded)

    def _find(self, peer: str, forwarded: bytes) -> str:
        client = read(peer)
        for hop in reversed(forwarded.decode("latin-1").split(",")):
            if client is None or not any(client in network for network in self._trusted):
                break
            client = read(_without_port(hop.strip()))
        return peer if client is None else str(client)


def read(text: str) -> Address | None:
    """The address that a text is, or None. One of IPv4 that is written as IPv6 (::ffff:192.0.2.1) is one of IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


@lru_cache(maxsize=16_384)
def household(text: str) -> str:
    """What is counted as one caller: an IPv4 address, or 64 bits of an IPv6 address, of which everyone has plenty."""
    address = read(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return text if address is None else str(address)


def _without_port(hop: str) -> str:
    """Of "192.0.2.1:4711" and "[2001:db8::1]:4711"; some proxies write them so."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
