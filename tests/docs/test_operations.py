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


def test_questions_and_alarms_are_about_metrics_that_there_are() -> None:
    asked = set(re.findall(r"youhui_\w+", "".join(re.findall(r"```promql\n(.*?)```", TEXT, re.DOTALL))))
    known = {f"{name}{part}" for name in rows("Metrics") for part in ("", "_bucket", "_sum", "_count")}
    assert asked
    assert asked <= known


def test_the_log_lines_that_it_explains_are_written_somewhere() -> None:
    section = TEXT.split("| log line | means |")[1]
    named = re.findall(r"^\| `([a-z -]+)` \|", section, re.MULTILINE) + re.findall(
        r"log line `([^`]+)`", TEXT
    )
    source = "".join(file.read_text("utf-8") for file in (PAGE.parents[1] / "src/youhui").rglob("*.py"))
    assert len(named) > 6
    assert [event for event in named if f'"{event}' not in source] == []


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
