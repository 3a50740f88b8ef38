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
