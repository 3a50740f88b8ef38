"""docs/reference/settings.md is what the settings say of themselves, and its example is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import settings
from youhui.platform.setting_forms import leaves
from youhui.platform.settings import Settings


def test_the_page_is_the_one_that_is_made() -> None:
    assert settings.PAGE.read_text("utf-8") == settings.page(), (
        "write it anew with: python -m tests.docs.settings"
    )


def test_every_setting_is_on_the_page_and_explained() -> None:
    page = settings.page()
    for path, field in leaves(Settings):
        assert f"| `{path}`<br>" in page
        assert field.description, path


def test_the_example_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", settings.INTRODUCTION, re.DOTALL)
    (tmp_path / "youhui.yaml").write_text(example, "utf-8")
    monkeypatch.chdir(tmp_path)
    found = Settings()
    assert (found.limits.shopper, found.marketing_service.max_group_size) == ("50/minute", 20)
