"""Bodies that come packed by gzip, unpacked piece by piece, in bounded memory and to a bounded length."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol, TypeAlias

AT_ONCE = 256 * 1024
"""bytes of an unpacked piece"""
MOST = 100
"""times that a stream may grow; rows of a shop grow tenfold"""
FREE = 1024 * 1024
"""bytes that may come out of however little"""

Broken: TypeAlias = tuple[str, Mapping[str, int]]
"""why a stream cannot be read on: a code, and what its sentence names"""


class Unpacking(Protocol):
    """Turns what was sent into what was meant."""

    broken: Broken | None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What this piece holds, in pieces of bounded length; nothing once it is broken."""

    def finish(self) -> None:
        """Says, at the end of the stream, whether it was whole."""


class Plain:
    """What was sent is what was meant."""

    broken: Broken | None = None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The piece."""
        yield piece

    def finish(self) -> None:
        """It always is."""


class Unpacked:
    """gzip, of one or several members."""

    def __init__(self) -> None:
        self.broken: Broken | None = None
        self._unpacker = _unpacker()
        self._took = 0
        self._gave = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What this piece holds."""
        self._took += len(piece)
        while piece and self.broken is None:
            if self._unpacker.eof:
                self._unpacker = _unpacker()
            try:
                given = self._unpacker.decompress(piece, AT_ONCE)
            except zlib.error:
                self.broken = ("not_gzip", {})
                return
            self._gave += len(given)
            if self._gave > FREE + MOST * self._took:
                self.broken = ("expands_too_much", {"most": MOST})
                return
            yield given
            piece = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail

    def finish(self) -> None:
        """A member that has begun must have ended."""
        if not self._unpacker.eof:
            self.broken = ("cut_off", {})


def _unpacker() -> zlib._Decompress:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
