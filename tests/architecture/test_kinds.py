"""One kind: one file, one class of its name, one test table."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture import source

NOT_KINDS = {"__init__", "base"}
"""`base` holds what the kinds of the folder share."""

KINDS = [
    path
    for family in ("conditions", "actions")
    for path in sorted((source.ENGINE / family).glob("*.py"))
    if path.stem not in NOT_KINDS
]


def kind_of(path: Path) -> str:
    """`not_.py` is the kind `not`, which Python keeps for itself."""
    return path.stem.removesuffix("_")


def class_named(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("_"))


def said_kind(node: ast.ClassDef) -> object:
    """The value of `kind: ClassVar[str] = "…"`; None for a class that only gives the form of a field."""
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id == "kind":
            return ast.literal_eval(part.value) if part.value else None
    return None


@pytest.mark.parametrize("path", KINDS, ids=source.name)
def test_a_kind_is_one_class_of_its_name(path: Path) -> None:
    """Other classes of the file only give the form of its fields."""
    classes = [node for node in source.tree(path).body if isinstance(node, ast.ClassDef)]
    kinds = [(node.name, said_kind(node)) for node in classes if said_kind(node) is not None]
    assert kinds == [(class_named(kind_of(path)), kind_of(path))]


@pytest.mark.parametrize("path", KINDS, ids=source.name)
def test_a_kind_has_a_test_table(path: Path) -> None:
    table = source.ROOT / "tests" / "engine" / path.parent.name / f"{kind_of(path)}.json"
    assert table.exists(), f"{source.name(path)} has no {source.name(table)}"
