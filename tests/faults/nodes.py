"""Processes of the service that may be killed and started again, beside one another on one database."""

from __future__ import annotations

import subprocess
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from tests.http import serving


class Node:
    """`youhui serve` on a database, with these variables. A block: ended with it, and well unless it was killed."""

    def __init__(self, database: str, log: Path, **environment: str) -> None:
        self._database = database
        self._log = log
        self._environment = environment
        self._held = ExitStack()
        self._running: subprocess.Popen[str] | None = None
        self._address = ""
        self._said = deque[str](maxlen=10_000)

    def __enter__(self) -> Node:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = self._running
        if running is not None and running.poll() is None and error is None:
            running.terminate()
            running.wait(timeout=20)
            assert running.returncode in (0, -15), f"it ended with {running.returncode}: see {self._log}"
        self._held.close()

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def address(self) -> str:
        """Where it listens now."""
        return self._address

    def start(self, **environment: str) -> float:
        """Waits until it listens; after how many seconds it did."""
        began = time.monotonic()
        self._held.close()
        with ExitStack() as held:
            errors = held.enter_context(self._log.open("a", encoding="utf-8"))
            variables = {**self._environment, **environment}
            spawned = serving.spawned(self._database, errors=errors, said=self._said, **variables)
            try:
                self._running, self._address = held.enter_context(spawned)
            except AssertionError as error:
                raise AssertionError(f"{error}:\n{self._log.read_text()[-8000:]}") from None
            self._held = held.pop_all()
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL, and gone."""
        assert self._running is not None
        self._running.kill()
        self._running.wait(timeout=20)
        self._held.close()

    def gone(self) -> bool:
        """Whether it has ended by itself."""
        return self._running is None or self._running.poll() is not None

    def complaints(self) -> str:
        """What it wrote since this was asked last of errors that are its own fault."""
        lines = [self._said.popleft() for _ in range(len(self._said))]
        return "".join(line for line in lines if '"level": "error"' in line)
