"""`/metrics`: what is counted, by which labels, and who may read it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, Client, cart, promotion
from youhui.platform import statements
from youhui.platform.db import Database
from youhui.platform.metrics import Histogram, Metrics

PAGE = "/metrics"
Samples = dict[tuple[str, ...], float]


def samples(client: Client, name: str) -> Samples:
    """The values of one metric, by the values of its labels in the order of the labels' names."""
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name
    }


def test_requests_are_counted_by_the_template_of_their_route(client: Client) -> None:
    client.post(QUOTES, json=cart())
    client.post(QUOTES, json=cart())
    client.post(QUOTES, json={})
    for name in ("a", "b", "c"):
        client.get(f"{PROMOTIONS}/{name}")
    client.get("/no/such/page")
    client.request("BREW", "/no/such/pot")
    assert samples(client, "youhui_requests_total") == {
        ("POST", QUOTES, "200"): 2,
        ("POST", QUOTES, "400"): 1,
        ("GET", f"{PROMOTIONS}/{{id}}", "404"): 3,
        ("GET", "", "404"): 1,
        ("other", "", "404"): 1,
    }
    assert samples(client, "youhui_request_seconds_count")["POST", QUOTES] == 3
    assert samples(client, "youhui_request_seconds_sum")["POST", QUOTES] > 0


def test_what_callers_make_up_adds_no_labels(client: Client) -> None:
    for number in range(50):
        client.get(f"/made/up/{number}")
        client.request(f"M{number}", PROMOTIONS)
    assert {labels[:2] for labels in samples(client, "youhui_requests_total")} == {("GET", ""), ("other", "")}


def test_statements_are_counted_by_request_also_those_of_worker_threads(client: Client) -> None:
    client.get(PROMOTIONS)
    client.post(QUOTES, json=cart())
    before = samples(client, "youhui_request_queries_sum")
    client.get(PROMOTIONS)
    client.get(PROMOTIONS)
    client.post(QUOTES, json=cart())
    after = samples(client, "youhui_request_queries_sum")
    assert after["GET", PROMOTIONS] - before["GET", PROMOTIONS] == 2 * 2, "a page and a count each"
    assert after["POST", QUOTES] == before["POST", QUOTES], "priced from memory"
    assert samples(client, "youhui_request_queries_bucket")["2.0", "GET", PROMOTIONS] >= 2


def test_what_is_told_of_the_rules(client: Client) -> None:
    before = samples(client, "youhui_rules_version")
    client.post(PROMOTIONS, json=promotion())
    after = samples(client, "youhui_rules_version")
    assert after == {**before, ("promotions",): before["promotions",] + 1}
    assert samples(client, "youhui_rules") == {(): 1}
    assert 0 <= samples(client, "youhui_rules_look_age_seconds")[()] < 10
    assert 0 <= samples(client, "youhui_rules_age_seconds")[()] < 10


def test_the_process_and_its_memory(client: Client) -> None:
    assert samples(client, "process_resident_memory_bytes")[()] > 10_000_000
    assert samples(client, "process_cpu_seconds_total")[()] > 0


def test_pricing_is_timed(client: Client) -> None:
    for _ in range(3):
        client.post(QUOTES, json=cart())
    assert samples(client, "youhui_calculation_seconds_count") == {(): 3}
    assert 0 < samples(client, "youhui_calculation_seconds_sum")[()] < 3


def test_caches_are_counted_by_name(client: Client) -> None:
    cache = client.service.metrics.cache("prices")
    assert client.service.metrics.cache("prices") is cache
    for _ in range(3):
        cache.hit()
    cache.miss()
    counted = samples(client, "youhui_cache_total")
    assert (counted["prices", "hit"], counted["prices", "miss"]) == (3, 1)


def test_refusals_for_too_many_requests(tmp_path: Path) -> None:
    limits = {**serving.UNLIMITED, "shopper": "2/minute"}
    with serving.client(tmp_path, limits=limits) as client:
        shopper = serving.shopper(client, "c1")
        answers = [client.get(PROMOTIONS, headers=shopper).status_code for _ in range(5)]
        assert answers == [403, 403, 429, 429, 429]
        assert samples(client, "youhui_rate_limited_total") == {(): 3}


def test_services_in_one_process_count_for_themselves(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with serving.client(tmp_path / "one") as one, serving.client(tmp_path / "other") as other:
        one.post(QUOTES, json=cart())
        assert ("POST", QUOTES, "200") in samples(one, "youhui_requests_total")
        assert ("POST", QUOTES, "200") not in samples(other, "youhui_requests_total")


@pytest.mark.parametrize("public", [False, True])
def test_who_may_read_them(tmp_path: Path, public: bool) -> None:
    with serving.client(tmp_path, metrics_public=public) as client:
        found = {
            "viewer": client.get(PAGE, headers=serving.operator(client, "viewer")).status_code,
            "scoped": client.get(PAGE, headers=serving.key(client, "metrics")).status_code,
            "unscoped": client.get(PAGE, headers=serving.key(client, "quote")).status_code,
            "shopper": client.get(PAGE, headers=serving.shopper(client, "c1")).status_code,
        }
        del client.headers["authorization"]
        found["anonymous"] = client.get(PAGE).status_code
    only_some = {"viewer": 200, "scoped": 200, "unscoped": 403, "shopper": 403, "anonymous": 401}
    assert found == (dict.fromkeys(only_some, 200) if public else only_some)


# Parts


def test_a_value_on_a_bound_is_below_it() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.0006, 99.0):
        metrics.observe("GET", "/a", 200, seconds)
    page = metrics.page().decode()
    assert 'youhui_request_seconds_bucket{le="0.0005",method="GET",route="/a"} 1.0' in page
    assert 'youhui_request_seconds_bucket{le="0.001",method="GET",route="/a"} 2.0' in page
    assert 'youhui_request_seconds_bucket{le="10.0",method="GET",route="/a"} 2.0' in page
    assert 'youhui_request_seconds_bucket{le="+Inf",method="GET",route="/a"} 3.0' in page


def test_histograms_add_up() -> None:
    one, other = Histogram((1.0, 2.0)), Histogram((1.0, 2.0))
    one.observe(0.5)
    other.observe(1.5)
    other.observe(7.0)
    one.plus(other)
    assert (one.count, other.count) == (3, 2)


def test_a_label_can_hold_anything() -> None:
    metrics = Metrics()
    metrics.gauge("youhui_odd", "Odd", lambda: {'a"b\\c\n中': 1.0}, label="name")
    (sample,) = [
        sample
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
        if sample.name == "youhui_odd"
    ]
    assert sample.labels == {"name": 'a"b\\c\n中'}


def test_requests_at_once_count_their_own_statements(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")

    def ask(times: int) -> None:
        for _ in range(times):
            with database.reading() as connection:
                connection.execute(text("SELECT 1"))

    async def request(times: int) -> int:
        statements.begin()
        await asyncio.gather(asyncio.to_thread(ask, times), asyncio.to_thread(ask, 1))
        return statements.sent()

    async def both() -> list[int]:
        return await asyncio.gather(*(request(times) for times in (1, 5, 9)))

    with ThreadPoolExecutor(1) as pool:  # a test with a browser leaves a loop running in this thread
        assert pool.submit(lambda: asyncio.run(both())).result() == [2, 6, 10]
    thread = threading.Thread(target=ask, args=(1,))
    thread.start()
    thread.join()
    assert statements.sent() == 0, "outside of requests nothing is counted"
    database.close()
