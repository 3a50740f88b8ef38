"""Every conformance case comes out as it expects, to the cent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from youhui.conformance import check

ROOT = Path(__file__).resolve().parents[2]
OWN = {file.name: file for file in sorted((ROOT / "tests/conformance/cases").glob("*.json"))}
NEWER = {
    file.name: file
    for file in sorted((ROOT.parent / "shared/conformance/cases").glob("*.json"))
    if file.name not in OWN or file.read_bytes() != OWN[file.name].read_bytes()
}
"""beside the checkout there may be a folder with newer ones"""
CASES = [
    pytest.param(case, id=f"{where}{case['id']}")
    for where, files in (("", OWN), ("newer/", NEWER))
    for file in files.values()
    for case in json.loads(file.read_bytes())
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: object) -> None:
    assert check(case) == []


def test_there_are_cases() -> None:
    assert len(CASES) >= 644
