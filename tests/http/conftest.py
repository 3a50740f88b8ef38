"""A running service for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.http import serving


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with serving.client(tmp_path) as made:
        yield made
