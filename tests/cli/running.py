"""The command line, run in this process."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from youhui.cli import main

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit status."""

    code: object
    out: str
    err: str


class _Stream(io.TextIOWrapper):
    """What was written to it, as bytes, and whether it passes for a terminal."""

    def __init__(self, content: bytes = b"", terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.seek(0)
        return self.read()


def youhui(*arguments: str, stdin: bytes = b"", terminal: bool = False, **environment: str) -> Ran:
    """Runs a command in the repository's folder, in an environment without a language unless one is given.

    `terminal`: standard error passes for one.
    """
    out, err = _Stream(), _Stream(terminal=terminal)
    clean = {name: value for name, value in os.environ.items() if name not in (*LANGUAGES, "FORCE_COLOR")}
    with (
        patch.dict(os.environ, clean | {"COLUMNS": "80"} | environment, clear=True),
        patch.multiple(sys, argv=["youhui", *arguments], stdin=_Stream(stdin), stdout=out, stderr=err),
        chdir(ROOT),
        pytest.raises(SystemExit) as left,
    ):
        main()
    return Ran(left.value.code, out.text(), err.text())
