"""The service with a clock that is turned to 2017, and a shop that asks it through the public API."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from examples.complete_journey.uses import Body
from youhui import bootstrap
from youhui.app import create_app
from youhui.bootstrap import Service
from youhui.platform import migrate
from youhui.platform.jobs import Jobs
from youhui.platform.principals import SYSTEM
from youhui.platform.settings import Settings
from youhui.platform.tasks import Tasks

TEMPLATES = "/api/marketing/coupon-templates"
COUPONS = "/api/marketing/coupons"
BEGIN = datetime(2016, 11, 1, tzinfo=UTC)
"""before the first campaign"""

_TRACES: Mapping[str, str] = {
    "orders": "SELECT * FROM orders ORDER BY order_no",
    "ledger": "SELECT * FROM ledger ORDER BY id",
    "counters": "SELECT * FROM counters ORDER BY promotion, customer, period",
    "coupons issued": "SELECT id, issued FROM coupon_templates ORDER BY id",
    "coupons touched": (
        "SELECT * FROM coupons WHERE status IN ('locked', 'used', 'expired', 'void') ORDER BY id"
    ),
    "steps of coupons": "SELECT * FROM coupon_steps ORDER BY id",
}
"""all that a use could leave behind"""
GROWING: Mapping[str, int] = {"orders": 1, "ledger": 2, "coupons touched": 1, "steps of coupons": 1}
"""of these, by how many rows each use makes what longer: a use is held and committed at once"""
_ANY_NUMBER: Mapping[str, None] = dict.fromkeys(("customer", "device", "person", "ip"))


class Turned:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Trace:
    """Of a table: how many rows, and a hash of all that they say."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status, what it says in a word or two, and every byte of it."""

    status: int
    words: str
    body: bytes


class Issuer:
    """The operator who makes templates and issues coupons, and the shop's server that uses them."""

    def __init__(
        self, client: TestClient, service: Service, clock: Turned, operator: Mapping[str, str], key: str
    ) -> None:
        self._client = client
        self._service = service
        self._clock = clock
        self._shop = {"authorization": f"Bearer {key}"}
        tokens = self._post("/api/admin/login/", operator, {}).json()
        self._operator = {"authorization": f"Bearer {tokens['access']}"}

    def publish(self, template: Body) -> int:
        """Makes a template and publishes it; its id."""
        made: int = self._post(TEMPLATES, template, self._operator).json()["id"]
        self._post(f"{TEMPLATES}/{made}/publish", None, self._operator)
        return made

    def issue(self, template: int, customers: Sequence[str], each: int) -> None:
        """Begins to issue a coupon, or several, to each of these."""
        self._post(f"{TEMPLATES}/{template}/issue", {"customers": customers, "each": each}, self._operator)

    def finish_issuing(self) -> None:
        """Does what was begun, in this thread: beside orders that wait each step would make room for them."""
        self._service.tasks.run_waiting()

    def coupons(self, template: int, customer: str) -> list[int]:
        """Those of a customer, the first that was issued first."""
        asked: dict[str, Any] = {"template_id": template, "user_id": customer}
        answer = self._client.get(COUPONS, params=asked, headers=self._shop).raise_for_status().json()
        return sorted(one["id"] for one in answer["results"])

    def use(self, coupon: int, body: Body, at: datetime) -> Said:
        """Uses a coupon at an instant, whatever comes of it."""
        self._clock.now = at
        # What is sent again is sent alike, so that the answers can be compared byte for byte.
        headers = {**self._shop, "x-request-id": f"journey-{coupon}-{body['order_no']}"}
        answer = self._client.post(f"{COUPONS}/{coupon}/use", json=body, headers=headers)
        return Said(answer.status_code, _words(answer), answer.content)

    def begin_again(self) -> None:
        """Turns the clock back to before the first campaign."""
        self._clock.now = BEGIN

    def issued(self, templates: Sequence[int]) -> int:
        """How many coupons of these there are."""
        numbers = ",".join(str(number) for number in templates)
        ((count,),) = self._rows(f"SELECT count(*) FROM coupons WHERE template_id IN ({numbers})")
        return int(count)

    def traces(self) -> dict[str, Trace]:
        """What there is at this moment of all that a use could change."""
        found = {}
        for name, text in _TRACES.items():
            rows = self._rows(text)
            found[name] = Trace(len(rows), blake2b(repr(rows).encode(), digest_size=16).hexdigest())
        return found

    def _rows(self, text: str) -> list[tuple[Any, ...]]:
        with self._service.database.reading(within=None) as connection:
            return [tuple(row) for row in connection.exec_driver_sql(text)]

    def _post(self, path: str, body: object, headers: Mapping[str, str]) -> Response:
        answer: Response = self._client.post(path, json=body, headers=headers)
        if answer.is_error:
            raise ValueError(f"{path}: {answer.status_code} {answer.text[:300]}")
        return answer


def _words(answer: Response) -> str:
    """used, 409 COUPON_USED, 409 COUPON_NOT_APPLICABLE conditions …"""
    said = answer.json()
    if answer.is_success:
        return str(said["status"])
    why = [detail["code"] for detail in said["details"]] if isinstance(said["details"], list) else []
    return " ".join([str(answer.status_code), said["error"], *why])


@contextmanager
def opened(database: str) -> Iterator[Issuer]:
    """A service on this database, without a limit on how often it is asked; stopped when the block ends."""
    clock = Turned()
    given: dict[str, Any] = {
        "database_url": database, "secret_key": secrets.token_hex(32), "access_log": False,
        "limits": {"operator": None, "storefront": None}, "abuse": {"use": _ANY_NUMBER},
    }  # fmt: skip
    service = bootstrap.service(Settings(**given), clock)
    migrate.upgrade(service.database)
    # A sweep would write down what has expired by a clock that is turned back after it; tasks are done by hand.
    still = replace(service, jobs=Jobs(service.database, clock), tasks=Tasks(service.database, clock))
    name = f"journey-{secrets.token_hex(4)}"
    _, password = service.operators.add(name, "operator", None, SYSTEM)
    _, key = service.keys.add(name, {"coupons"}, SYSTEM)
    try:
        with TestClient(create_app(still)) as client:
            yield Issuer(client, service, clock, {"username": name, "password": password}, key)
    finally:
        gc.unfreeze()  # the service froze what there was at its start, and DuckDB complains of what is left at the end
