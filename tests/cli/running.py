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


def youhui(*arguments: str, stdin: bytes = b"", columns: int = 80, **environment: str) -> Ran:
    """Runs a command in the repository's folder, in an environment without a language unless one is given."""
    out, err = _stream(), _stream()
    clean = {name: value for name, value in os.environ.items() if name not in (*LANGUAGES, "FORCE_COLOR")}
    with (
        patch.dict(os.environ, clean | {"COLUMNS": str(columns)} | environment, clear=True),
        patch.multiple(sys, argv=["youhui", *arguments], stdin=_stream(stdin), stdout=out, stderr=err),
        chdir(ROOT),
        pytest.raises(SystemExit) as left,
    ):
        main()
    return Ran(left.value.code, _text(out), _text(err))


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
