"""What is held of the directory: bounded, of one version, for its time; and the ways up the tree of categories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.directory.lookup import _Held
from youhui.directory.model import REMEMBERED, Tree

NAMES = ["top", "mid", "low", "other", "made up", "made up too"]
PARENTS = {"top": None, "mid": "top", "low": "mid", "other": None}
TREE = Tree(PARENTS, 1)


@given(st.lists(st.sampled_from(NAMES), max_size=6))
def test_above_are_those_asked_for_then_level_by_level(names: list[str]) -> None:
    found = dict.fromkeys(names)
    level: list[str] = list(found)
    while level:
        level = [above for name in level if (above := PARENTS.get(name)) is not None and above not in found]
        level = list(dict.fromkeys(level))
        found.update(dict.fromkeys(level))
    assert TREE.ancestors(names) == tuple(found)
    assert TREE.ancestors(TREE.ancestors(names)) == tuple(found), "those with all above them change nothing"


def test_names_that_a_caller_makes_up_are_not_remembered() -> None:
    tree = Tree(PARENTS, 1)
    for i in range(10):
        assert tree.ancestors([f"made up {i}"]) == (f"made up {i}",)
        assert tree.ancestors(["mid", f"made up {i}"]) == ("mid", f"made up {i}", "top")
    assert tree._remembered.cache_info().currsize == 1
    assert tree._remembered.cache_info().maxsize == REMEMBERED


def test_the_oldest_go_first() -> None:
    held: _Held[str] = _Held(3, 60)
    held.put(["a", "b", "c"], {"a": "A", "b": "B"}, 1)
    held.put(["a", "d"], {"a": "A"}, 1)
    assert held.get(["b"], 1) is None
    assert held.get(["a", "c", "d"], 1) == {"a": "A"}
    assert len(held._facts) == 3


@pytest.mark.parametrize(("seconds", "version", "found"), [(60, 1, {"a": "A"}), (0, 1, None), (60, 2, None)])
def test_facts_are_of_a_version_and_for_a_time(
    seconds: int, version: int, found: dict[str, str] | None
) -> None:
    held: _Held[str] = _Held(3, seconds)
    held.put(["a", "b"], {"a": "A"}, 1)
    assert held.get(["a", "b"], version) == found
