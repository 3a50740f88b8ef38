"""HTTP/1.1 as uvicorn speaks it, with heads of bounded length: its own parser keeps whatever is sent."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 64 * 1024
"""bytes of a request's first line and headers"""


class Protocol(HttpToolsProtocol):
    """One connection. A head that grows too long is answered with 400, and the connection closed."""

    _left: int | None = None
    """bytes that the head may still grow by; None outside of one"""

    def data_received(self, data: bytes) -> None:
        """A piece of some 256 KiB at most. The one that a head begins in is not counted: it may hold much else."""
        if self._left is not None:
            self._left -= len(data)
        super().data_received(data)
        if self._left is not None and self._left < 0 and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._left = MOST

    def on_headers_complete(self) -> None:
        """And ends."""
        self._left = None
        super().on_headers_complete()
