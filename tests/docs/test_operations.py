"""docs/operations.md names the metrics and jobs that there are, and links to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.http import serving
from youhui import bootstrap
from youhui.platform.settings import Settings

PAGE = Path(__file__).parents[2] / "docs/operations.md"
TEXT = PAGE.read_text("utf-8")


def rows(title: str) -> set[str]:
    """What the rows of a section's table begin with."""
    section = TEXT.split(f"## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_metric_is_on_the_page(tmp_path: Path) -> None:
    with serving.client(tmp_path) as client:
        found = set(re.findall(r"^# TYPE (youhui_\w+)", client.get("/metrics").text, re.MULTILINE))
    assert rows("Metrics") == found


def test_every_job_is_on_the_page(tmp_path: Path) -> None:
    service = bootstrap.service(Settings(database_url=f"sqlite:///{tmp_path}/x.db"))
    assert rows("Scheduled jobs") == set(service.jobs.names)
    service.database.close()


def test_the_settings_that_it_names_are_settings() -> None:
    for name in (
        "archive_cron",
        "archive_discounts_after_days",
        "metrics_public",
        "trusted_proxies",
        "redis_url",
    ):
        assert f"`{name}`" in TEXT
        assert name in Settings.model_fields


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)", TEXT))))
def test_links_lead_somewhere(target: str) -> None:
    assert (PAGE.parent / target).exists()
