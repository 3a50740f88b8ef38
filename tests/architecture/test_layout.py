"""The same part has the same place and the same name everywhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture import source

PARTS = {
    "__init__", "model", "rules", "service", "store", "tables", "http", "schemas", "jobs", "problems",
    "importing",  # many rows at once, streamed
    "lookup",  # what the hot routes ask, cached
    "reading",  # the one query that lookup asks: SQL beside the store's
    "query",  # a hot route of its own, past FastAPI
    "forms", "values",  # what is sent, read field by field with every fault at once
    "writing",  # the rows and lists of one transaction
    "traces",  # what the audit log is told of it
    "targets",  # lists too long to be read as a whole, beside the store
    "verdicts",  # why this one, why not that one
    "redeeming",  # from what a customer types to a coupon
    "commands", "deciding",  # what a committer of its own is asked, and how it decides
    "pushing", "pushes",  # long work, and the route that begins it, beside what is done at once
    "templates",  # bodies to be filled in
    "publishing",  # what is looked at before something goes live
    "eligibility",  # the Python API of the first seed: for whom, and how much
    "words",  # what it gives, in a line for shoppers
    "sessions",  # logging in is as long as administering accounts
}  # fmt: skip
LARGE = {"coupons": {"templates", "issuing", "codes", "wallet", "using", "checking"}}
"""capabilities that are several, each with its own parts, around one `model` and its `tables`"""
CAPABILITY_MODULES = [
    path for capability in source.CAPABILITIES for path in source.modules(source.PACKAGE / capability)
]
LONGEST = 300
LONGER: dict[str, str] = {
    # "src/youhui/part/file.py": "why it reads better in one piece",
}
PUBLIC = [
    path
    for path in source.modules()
    if (path.stem == "__init__" and source.public_names(path))
    or "__all__" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", CAPABILITY_MODULES, ids=source.name)
def test_a_capability_has_the_parts_that_all_have(path: Path) -> None:
    assert path.stem in PARTS
    package = path.parent.relative_to(source.PACKAGE)
    assert len(package.parts) == 1 or (len(package.parts) == 2 and package.parts[0] in LARGE)


def test_large_capabilities_have_parts_of_the_same_shape() -> None:
    for name in LARGE:
        assert {path.name for path in (source.PACKAGE / name).iterdir() if path.is_dir()} >= LARGE[name]


@pytest.mark.parametrize("path", source.modules(), ids=source.name)
def test_a_module_can_be_read_in_one_go(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert (lines > LONGEST) == (source.name(path) in LONGER), f"{lines} lines"


@pytest.mark.parametrize("path", PUBLIC, ids=source.name)
def test_all_names_everything_public(path: Path) -> None:
    """The linter keeps it sorted."""
    lists = [
        ast.literal_eval(node.value)
        for node in source.tree(path).body
        if isinstance(node, ast.Assign)
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    ]
    assert len(lists) == 1, "one list of the public names, __all__"
    assert set(lists[0]) - {"__version__"} == source.public_names(path)
