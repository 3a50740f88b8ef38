"""Hypothesis: the same examples at every run of `ci`; `HYPOTHESIS_PROFILE=deep` looks for new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW_DRAWS = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci", max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=SLOW_DRAWS
)
settings.register_profile("deep", max_examples=3000, deadline=None, suppress_health_check=SLOW_DRAWS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
