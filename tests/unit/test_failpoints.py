"""Points of failure act where they are told to, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from youhui.platform.configured import refuse_unknown
from youhui.platform.failpoints import VARIABLE, Reached, armed
from youhui.platform.settings import Settings


def _arrivals(told: str, points: str) -> str:
    """What becomes of each arrival: "." nothing, "!" a failure."""
    reach = armed(told)
    seen = ""
    for point in points:
        try:
            reach(point)
            seen += "."
        except Reached:
            seen += "!"
    return seen


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("a=raise", "!.!.!"),
        ("a:1=raise", "!...."),
        ("a:2=raise", "..!.."),
        ("a:9=raise", "....."),
        ("a=sleep:0", "....."),
    ],
)
def test_it_acts_at_its_point_only(told: str, seen: str) -> None:
    assert _arrivals(told, "ababa") == seen


@pytest.mark.parametrize("told", ["a", "a=", "a=explode", "a=sleep", "a:b=raise", "a=kill:2"])
def test_what_cannot_be_meant_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        armed(told)


@pytest.mark.parametrize(("told", "ended"), [("p=kill", -signal.SIGKILL), ("other=kill", 0), (None, 0)])
def test_a_process_is_told_by_its_environment(told: str | None, ended: int) -> None:
    environment = {**os.environ, **({VARIABLE: told} if told else {})}
    code = "from youhui.platform.failpoints import reach; reach('p')"
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == ended


def test_it_is_no_setting_and_no_typing_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "p=raise")
    refuse_unknown(Settings)
