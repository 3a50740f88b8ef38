"""Rows of the table that the benchmarks print, each with its bar where the project has set one."""

from __future__ import annotations

from dataclasses import dataclass

from bench.pairs import Ratio


@dataclass(frozen=True)
class Row:
    """One figure. `bar` is what it must reach, as written; `missed` says that it does not, beyond doubt."""

    name: str
    figure: str
    bar: str = ""
    missed: bool = False
    detail: str = ""


def most(name: str, ratio: Ratio, bar: float, detail: str = "") -> Row:
    """A ratio that should be at most `bar`."""
    return Row(name, _shown(ratio), f"≤ {bar:g}", ratio.low > bar, detail or _times(ratio))


def least(name: str, ratio: Ratio, bar: float, detail: str = "") -> Row:
    """A ratio that should be at least `bar`."""
    return Row(name, _shown(ratio), f"≥ {bar:g}", ratio.high < bar, detail or _times(ratio))


def below(name: str, value: float, bar: float, unit: str, detail: str = "") -> Row:
    """A value that should be at most `bar`."""
    return Row(name, f"{value:,.3g} {unit}", f"≤ {bar:g} {unit}", value > bar, detail)


def _shown(ratio: Ratio) -> str:
    return f"{ratio.median:.2f} × [{ratio.low:.2f}, {ratio.high:.2f}]"


def _times(ratio: Ratio) -> str:
    return f"{_time(ratio.case)} / {_time(ratio.base)}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} µs" if seconds < 0.001 else f"{seconds * 1e3:,.2f} ms"
