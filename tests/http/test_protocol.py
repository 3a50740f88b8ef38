"""What comes before a request is one: bounded, whoever sends it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.http import serving
from youhui.platform.protocol import MOST

pytestmark = pytest.mark.slow

LINE = b"GET /healthz HTTP/1.1\r\nhost: shop\r\n"
PIECE = 16 * 1024


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with serving.process(f"sqlite:///{tmp_path_factory.mktemp('protocol') / 'youhui.db'}") as url:
        found = urlsplit(url)
        yield str(found.hostname), int(found.port or 0)


def sent(address: tuple[str, int], *pieces: bytes) -> tuple[bytes, int]:
    """The beginning of the answer, and how many bytes were taken until the connection was closed."""
    taken = 0
    with socket.create_connection(address, timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                taken += len(piece)
        except OSError:
            pass  # it was closed: what was answered before can still be read, or is lost with it
        try:
            return connection.recv(1024), taken
        except ConnectionResetError:
            return b"", taken


@pytest.mark.parametrize(
    "pieces", [[b"a" * PIECE], [b"h: x\r\n" * (PIECE // 6)]], ids=["one header", "many headers"]
)
def test_a_head_without_an_end_is_cut_off(address: tuple[str, int], pieces: list[bytes]) -> None:
    start = LINE + (b"x: " if pieces[0].startswith(b"a") else b"")
    answer, taken = sent(address, start, *pieces * 10_000)
    assert answer[:12] in (b"HTTP/1.1 400", b"")
    assert taken < 16 * 1024 * 1024, "what the network holds on the way, and no more"


def test_long_headers_are_taken(address: tuple[str, int]) -> None:
    long = b"x: " + b"a" * (MOST // 2) + b"\r\n"
    again = LINE + long + b"\r\n"
    answer, _ = sent(address, *[again] * 3, LINE + b"connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_long_body_is_no_long_head(address: tuple[str, int]) -> None:
    head = b"POST /api/quotes HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (
        MOST * 4
    )
    answer, _ = sent(address, head, b" " * MOST * 4)
    assert answer.startswith(b"HTTP/1.1 401")
