"""The demo: a small shop with promotions and discounts, and lines for a shell that show what they do."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from youhui.bootstrap import Service

# What needs the extra `server` is imported when it is used.


class _Stream(Protocol):
    def feed(self, piece: bytes) -> None: ...
    def finish(self) -> object: ...


def load(service: Service) -> None:
    """Stores the demo's promotions and coupons where there are none, and its shop where there is no product."""
    from youhui.platform.principals import SYSTEM
    from youhui.promotions.rules import read_terms

    if not service.promotions.page(0, 1)[1]:
        documents = json.loads(_file("promotions.json"))
        terms = [read_terms(document, "CNY", service.registry) for document in documents]
        service.promotions.add(terms, SYSTEM)
    _load_shop(service)
    _load_coupons(service)


def _load_coupons(service: Service) -> None:
    from youhui.coupons.codes.model import NewCode
    from youhui.coupons.templates.model import Wanted
    from youhui.engine.promotion import fold
    from youhui.platform.principals import SYSTEM

    templates = service.coupons.templates
    if templates.page(Wanted(), 0, 1)[1]:
        return
    for one in json.loads(_file("coupons.json")):
        template = templates.create(one["template"], SYSTEM)
        templates.move(template.id, "publish", SYSTEM)
        if "code" in one:
            code = NewCode(key=fold(one["code"]), code=one["code"], uses_limit=500, per_customer=1)
            service.coupons.codes.add_shared(template.id, code, SYSTEM)
        for customer in one.get("customers", ()):
            _issue(service, template.id, customer)


def _issue(service: Service, template_id: int, customer: str) -> None:
    from youhui.coupons.issuing.commands import Issue, issue_key
    from youhui.coupons.issuing.writing import decide_all
    from youhui.platform.principals import SYSTEM

    name = issue_key("push", "demo", template_id, customer)
    command = Issue(template_id=template_id, customer=customer, way="push", issue_key=name, by=SYSTEM.name)
    with service.database.writing() as connection:
        decide_all(connection, [command], service.clock)


def _load_shop(service: Service) -> None:
    from youhui.directory.model import Filters
    from youhui.discounts.importing import Importing
    from youhui.platform.principals import SYSTEM
    from youhui.platform.rows import Written

    lines = Written("jsonl")
    if service.directory.page("products", Filters(), "id", 0, 1)[1]:
        return
    for kind in ("categories", "products", "customers"):
        _send(service.directory.upload(kind, lines, SYSTEM, currency="CNY"), f"{kind}.jsonl")
    _send(Importing(service.discounts, "CNY", lines, SYSTEM), "discounts.jsonl")


def _send(stream: _Stream, name: str) -> None:
    stream.feed(_file(name))
    stream.finish()


def _file(name: str) -> bytes:
    return (files("youhui.cli") / "demo_shop" / name).read_bytes()


def token(service: Service) -> str:
    """Of an operator called "demo" whose password nobody knows: the lines work until it ends, in minutes."""
    from youhui.accounts.problems import OperatorExists
    from youhui.platform.principals import SYSTEM

    try:
        operator, _ = service.operators.add("demo", "operator", None, SYSTEM)
    except OperatorExists:
        operator = service.operators.named("demo")
    return service.sessions.open(operator).access


def lines(url: str, stored: int) -> str:
    """Lines to try, which take the credentials from $TOKEN.

    The new promotion's id is free, however many are stored.
    """
    promotion = {**PROMOTION, "id": f"{PROMOTION['id']}-{stored}"}
    return f"""
# 算一单：价格、类目、会员身份都来自商城资料 / price a cart: prices, categories and groups come from the directory
{_curl(f"{url}/api/quotes", QUOTE)}

# 优惠码用不了：差多少、怎样才能用 / a code that is refused, why, and what would make it apply
{_curl(f"{url}/api/quotes", REFUSED)}

# 李静买这些商品各减多少：折扣 / what a customer's discounts take off these products
{_curl(f"{url}/api/discounts/query_user_products/?user_id=c2&product_ids=2004,3001,4001")}

# 王小明有哪些券、还能领哪些 / what a customer has, and may claim
{_curl(f"{url}/api/marketing/coupons/available?user_id=c1")}

# 同一单用上最合适的券 / the same cart with the best of the customer's coupons
{_curl(f"{url}/api/quotes", {**QUOTE, "codes": [], "coupons": "auto"})}

# 新建一个促销活动，下一次算价立即生效 / store a promotion: the next quote is priced with it
{_curl(f"{url}/api/marketing/promotions", promotion)}
"""


def _curl(url: str, body: object = None) -> str:
    asked = f"""curl -s '{url}' -H "Authorization: Bearer $TOKEN\""""
    if body is None:
        return asked
    return f"{asked} -H 'Content-Type: application/json' -d '{json.dumps(body, ensure_ascii=False)}'"


QUOTE = {
    "currency": "CNY",
    "customer": {"id": "c1", "orders_count": 2},
    "lines": [
        {"id": "1", "sku": "TEE-WHITE", "quantity": 2},
        {"id": "2", "sku": "MUG-RED", "quantity": 2},
    ],
    "shipping": {"price": "12.00"},
    "codes": ["SAVE10"],
}
REFUSED = {
    "currency": "CNY",
    "lines": [{"id": "1", "sku": "SOCKS", "quantity": 1}],
    "shipping": {"price": "12.00"},
    "codes": ["SAVE10"],
    "hints": True,
}
PROMOTION = {
    "id": "double11",
    "name": "双11 全场 9 折",
    "currency": "CNY",
    "actions": [{"kind": "percent_off", "target": "order", "percent": "10"}],
}
