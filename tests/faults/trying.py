"""What the experiments share: how large they are, what they are tried on, and what they tell."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

T = TypeVar("T")

SIZES = ("small", "usual", "full")
SIZE = SIZES.index(os.environ.get("FAULTS_SIZE", "small"))


def sized(small: T, usual: T, full: T | None = None) -> T:
    """The number of this run."""
    return (small, usual, usual if full is None else full)[SIZE]


def on(*kinds: str) -> pytest.MarkDecorator:
    """Runs a test with a shop on each of these kinds of database."""
    params = [pytest.param(kind, marks=() if kind == "sqlite" else pytest.mark.servers) for kind in kinds]
    return pytest.mark.parametrize("shop", params, indirect=True)


POINTS = [
    "opened", "locked", "orders", "changes", "refunds", "ended", "holds", "entries", "counters", "written",
    "commit", "committed",
]  # fmt: skip
"""the failpoints of the committer, in the order in which a batch passes them"""
