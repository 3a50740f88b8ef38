"""dev.py sets up once, and again after an interruption."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev


@pytest.fixture(autouse=True)
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "VENV", tmp_path)


def test_the_same_content_is_worked_on_once() -> None:
    done: list[str] = []
    for content in (b"one", b"one", b"two", b"one"):
        dev.stamped("lock", content, lambda content=content: done.append(content.decode()))  # type: ignore[misc]
    assert done == ["one", "two", "one"]


def test_an_interruption_makes_the_environment_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    (tmp_path / ".stamp-venv").write_text(str(tmp_path))
    dev.stamped("lock", b"old", lambda: None)
    assert dev.usable()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dev.stamped("lock", b"new", interrupted)
    assert not dev.usable()


def test_a_failure_is_tried_again_and_spoils_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline with a changed lock file: the environment that is there must stay."""
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    (tmp_path / ".stamp-venv").write_text(str(tmp_path))

    def failed() -> None:
        raise subprocess.CalledProcessError(1, "uv")

    with pytest.raises(subprocess.CalledProcessError):
        dev.stamped("lock", b"new", failed)
    assert dev.usable()
    done: list[str] = []
    dev.stamped("lock", b"new", lambda: done.append("again"))
    assert done == ["again"]


def test_a_moved_environment_is_not_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    (tmp_path / ".stamp-venv").write_text("/elsewhere/.venv")
    assert not dev.usable()


@pytest.mark.parametrize("said", ["", "global.timeout='60'\n"])
def test_without_a_mirror_uv_goes_where_it_always_goes(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _mirror(said, monkeypatch) == {}


def test_a_mirror_that_pip_was_given_is_given_to_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "https://mirror.example/simple"
    said = f"global.index-url={place!r}\nglobal.timeout='60'\n"
    assert _mirror(said, monkeypatch) == {"UV_DEFAULT_INDEX": place}


def test_every_command_is_described() -> None:
    described = re.findall(r"^    (\w+)  ", dev.__doc__ or "", re.MULTILINE)
    assert described == list(dev.COMMANDS)


def _mirror(settings: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: _Said(settings))
    return dev.mirror()


class _Said:
    def __init__(self, stdout: str) -> None:
        self.stdout = stdout
