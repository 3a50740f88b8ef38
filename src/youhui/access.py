"""The one table of who may use which route. What is not in it is not reachable by anyone (the guard answers 404)."""

from __future__ import annotations

from typing import get_args

from youhui.platform.access import Allowed, Table
from youhui.platform.principals import STAFF, WRITERS, Role

EVERYONE: frozenset[Role] = frozenset(get_args(Role))
SHOP: frozenset[Role] = frozenset({"storefront"})
SHOPPERS: frozenset[Role] = frozenset({"shopper"})
ADMIN: frozenset[Role] = frozenset({"admin"})

_PROBE = Allowed(EVERYONE, free=True)
_READ = Allowed(STAFF)
_WRITE = Allowed(WRITERS)
_ADMIN = Allowed(ADMIN)
_ORDER = Allowed(SHOP, scope="orders")

_PROMOTIONS = "/api/marketing/promotions"
_TEMPLATES = "/api/marketing/coupon-templates"
_COUPONS = "/api/marketing/coupons"
_CODES = "/api/marketing/coupon-templates/{id}/codes"

TABLE: Table = {
    # checkout
    ("POST", "/api/quotes"): Allowed(SHOP | SHOPPERS | STAFF, scope="quote"),
    ("POST", "/api/orders"): _ORDER,
    ("GET", "/api/orders"): Allowed(STAFF | SHOP, scope="orders"),
    ("GET", "/api/orders/{order_no}"): Allowed(STAFF | SHOP, scope="orders"),
    ("POST", "/api/orders/{order_no}/pay"): _ORDER,
    ("POST", "/api/orders/{order_no}/cancel"): _ORDER,
    ("POST", "/api/orders/{order_no}/refunds"): _ORDER,
    # promotions
    ("GET", _PROMOTIONS): _READ,
    ("POST", _PROMOTIONS): _WRITE,
    ("GET", f"{_PROMOTIONS}/{{id}}"): _READ,
    ("PUT", f"{_PROMOTIONS}/{{id}}"): _WRITE,
    ("DELETE", f"{_PROMOTIONS}/{{id}}"): _WRITE,
    ("GET", f"{_PROMOTIONS}/{{id}}/check"): _READ,
    **{("POST", f"{_PROMOTIONS}/{{id}}/{step}"): _WRITE for step in ("publish", "pause", "close", "copy")},
    ("GET", f"{_PROMOTIONS}/templates"): _READ,
    ("GET", f"{_PROMOTIONS}/active"): Allowed(SHOP | SHOPPERS | STAFF, scope="quote"),
    ("GET", f"{_PROMOTIONS}/{{id}}/eligibility"): Allowed(SHOP | SHOPPERS | STAFF, scope="quote"),
    ("POST", f"{_PROMOTIONS}/{{id}}/calculate"): Allowed(SHOP | SHOPPERS | STAFF, scope="quote"),
    # coupons
    ("GET", _TEMPLATES): Allowed(STAFF | SHOP, scope="coupons"),
    ("POST", _TEMPLATES): _WRITE,
    ("GET", f"{_TEMPLATES}/{{id}}"): Allowed(STAFF | SHOP, scope="coupons"),
    ("PATCH", f"{_TEMPLATES}/{{id}}"): _WRITE,
    ("DELETE", f"{_TEMPLATES}/{{id}}"): _WRITE,
    **{
        ("POST", f"{_TEMPLATES}/{{id}}/{step}"): _WRITE
        for step in ("publish", "pause", "close", "void", "copy")
    },
    ("POST", f"{_TEMPLATES}/{{id}}/issue"): Allowed(WRITERS | SHOP, scope="coupons"),
    ("POST", f"{_TEMPLATES}/{{id}}/claim"): Allowed(SHOP | SHOPPERS, scope="coupons"),
    ("GET", f"{_TEMPLATES}/{{id}}/records"): Allowed(STAFF | SHOP, scope="coupons"),
    ("GET", f"{_TEMPLATES}/{{id}}/records.csv"): Allowed(STAFF | SHOP, scope="coupons"),
    ("GET", _COUPONS): Allowed(STAFF | SHOP | SHOPPERS, scope="coupons"),
    ("GET", f"{_COUPONS}/available"): Allowed(STAFF | SHOP | SHOPPERS, scope="coupons"),
    ("POST", f"{_COUPONS}/available"): Allowed(STAFF | SHOP | SHOPPERS, scope="coupons"),
    ("GET", f"{_COUPONS}/{{id}}"): Allowed(STAFF | SHOP | SHOPPERS, scope="coupons"),
    ("POST", f"{_COUPONS}/{{id}}/void"): _WRITE,
    ("POST", "/api/marketing/customers/{user_id}/registered"): Allowed(SHOP, scope="coupons"),
    # discounts (the second seed document)
    ("GET", "/api/discounts/"): Allowed(STAFF | SHOPPERS | SHOP, scope="discounts"),
    ("POST", "/api/discounts/"): _WRITE,
    ("POST", "/api/discounts/batch_set/"): _WRITE,
    ("POST", "/api/discounts/import/"): Allowed(WRITERS, streamed=True),
    ("GET", "/api/discounts/query_user_products/"): Allowed(EVERYONE, scope="discounts"),
    ("GET", "/api/discounts/{id}/"): Allowed(STAFF | SHOPPERS | SHOP, scope="discounts"),
    ("PATCH", "/api/discounts/{id}/"): _WRITE,
    ("DELETE", "/api/discounts/{id}/"): _WRITE,
    ("GET", "/api/discounts/{id}/targets/"): _READ,
    ("GET", "/api/discounts/{id}/debug/"): _READ,
    # directory
    **{
        (method, f"/api/directory/{kind}"): allowed
        for kind in ("customers", "products", "categories")
        for method, allowed in (
            ("GET", Allowed(STAFF | SHOP, scope="directory")),
            ("PUT", Allowed(WRITERS | SHOP, scope="directory", streamed=True)),
        )
    },
    # accounts
    ("POST", "/api/admin/login/"): Allowed(EVERYONE, limit="log_in"),
    ("POST", "/api/token/refresh/"): Allowed(EVERYONE, limit="log_in"),
    ("POST", "/api/admin/logout/"): Allowed(EVERYONE),
    ("GET", "/api/admin/me"): Allowed(STAFF),
    ("POST", "/api/admin/me/password"): Allowed(STAFF, limit="log_in"),
    ("GET", "/api/admin/operators"): _ADMIN,
    ("POST", "/api/admin/operators"): _ADMIN,
    ("PATCH", "/api/admin/operators/{id}"): _ADMIN,
    ("DELETE", "/api/admin/operators/{id}"): _ADMIN,
    ("GET", "/api/admin/api-keys"): _ADMIN,
    ("POST", "/api/admin/api-keys"): _ADMIN,
    ("POST", "/api/admin/api-keys/{id}/rotate"): _ADMIN,
    ("DELETE", "/api/admin/api-keys/{id}"): _ADMIN,
    ("GET", "/api/admin/audit"): _READ,
    ("POST", "/api/shopper-tokens"): Allowed(SHOP, scope="shoppers"),
    # long work
    ("GET", "/api/admin/tasks"): _READ,
    ("GET", "/api/admin/tasks/{id}"): _READ,
    ("POST", "/api/admin/tasks/{id}/cancel"): _WRITE,
    # codes of coupons: whoever knows one can use it
    ("GET", _CODES): _WRITE,
    ("POST", _CODES): _WRITE,
    ("GET", f"{_CODES}.csv"): _WRITE,
    ("PUT", f"{_CODES}/import"): Allowed(WRITERS, streamed=True),
    ("POST", f"{_CODES}/void"): _WRITE,
    ("GET", "/api/marketing/codes/{code}/qr.svg"): _WRITE,
    ("POST", "/api/marketing/coupons/{id}/use"): Allowed(SHOP, scope="coupons"),
    ("POST", "/api/marketing/coupons/{id}/cancel-use"): Allowed(SHOP, scope="coupons"),
    ("POST", "/api/marketing/coupons/redeem-code"): Allowed(SHOP | SHOPPERS, scope="coupons"),
    # against abuse
    ("GET", "/api/admin/blocked"): _READ,
    ("POST", "/api/admin/blocked"): _WRITE,
    ("DELETE", "/api/admin/blocked/{kind}/{value}"): _WRITE,
    ("GET", "/api/admin/breakers"): _READ,
    ("GET", "/api/admin/breakers/{promotion}"): _READ,
    ("PUT", "/api/admin/breakers/{promotion}"): _WRITE,
    ("DELETE", "/api/admin/breakers/{promotion}"): _WRITE,
    ("GET", "/api/admin/events"): _READ,
    # platform
    ("GET", "/healthz"): _PROBE,
    ("GET", "/readyz"): _PROBE,
    ("GET", "/metrics"): Allowed(STAFF | SHOP, scope="metrics"),
    ("GET", "/api/openapi.json"): _PROBE,
    ("GET", "/docs"): _PROBE,
    ("GET", "/docs/assets/{file:path}"): _PROBE,
}


def table(metrics_public: bool) -> Table:
    """The one of a deployment: its metrics may be everyone's."""
    return {**TABLE, ("GET", "/metrics"): Allowed(EVERYONE)} if metrics_public else TABLE
