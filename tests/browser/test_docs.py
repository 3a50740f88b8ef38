"""The pages, in a real browser that reaches no other host."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, expect

from tests.http import serving


def test_the_api_is_documented_without_the_network(page: Page, tmp_path: Path) -> None:
    asked: list[str] = []
    failed: list[str] = []

    def only_here(route: Route) -> None:
        host = urlsplit(route.request.url).hostname
        asked.append(str(host))
        if host == "127.0.0.1":
            route.continue_()
        else:
            route.abort()

    page.route("**/*", only_here)
    page.on("pageerror", lambda error: failed.append(str(error)))
    with serving.process(f"sqlite:///{tmp_path / 'youhui.db'}") as address:
        page.goto(f"{address}/docs")
        expect(page.get_by_role("heading", name="Youhui 优惠")).to_be_visible()
        quotes = page.locator("#operations-checkout-post_api_quotes")
        expect(quotes).to_be_visible()
        quotes.locator(".opblock-summary").click()
        expect(quotes.get_by_text("TEE-WHITE-M")).to_be_visible()
    assert set(asked) == {"127.0.0.1"}
    assert failed == []
