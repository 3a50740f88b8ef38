"""What is ordered: one cart, by which of 1,000 limited promotions or one without a limit; and how wrk sends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from youhui.engine import Cart, Customer, Line

CURRENCY = "CNY"
PROMOTIONS = 1_000
FREE = "free"
"""the promotion without a limit; the limited ones are p0, p1 … and each is for the category of its own name"""
LIMIT = 1_000_000_000
CUSTOMERS = 100
LINES: Final = (("SKU-1", 1, 89_00), ("SKU-2", 2, 49_50), ("SKU-3", 1, 120_00))
"""sku, quantity, unit price: 10 % are taken of each"""
TOTAL = sum(quantity * price for _, quantity, price in LINES)
DISCOUNT = TOTAL // 10
HOLD_SECONDS = 900


def documents() -> list[dict[str, Any]]:
    """The promotions."""
    limited = [{**_document(f"p{i}"), "usage_limit": LIMIT} for i in range(PROMOTIONS)]
    return [*limited, _document(FREE)]


def _document(name: str) -> dict[str, Any]:
    selector = {"categories": [name]}
    return {
        "id": name,
        "name": f"Promotion {name}",
        "conditions": [{"kind": "subtotal_at_least", "amount": "100.00"}],
        "actions": [{"kind": "percent_off", "percent": "10", "target": "lines", "selector": selector}],
    }


def cart(promotion: str, customer: str) -> Cart:
    """The cart that the promotion applies to."""
    lines = [
        Line(sku.lower(), sku, price, quantity, categories=(promotion, "all"))
        for sku, quantity, price in LINES
    ]
    return Cart(CURRENCY, tuple(lines), Customer(customer, ("gold",)))


def body(promotion: str, customer: str, order_no: str) -> str:
    """The same as an order."""
    lines = [
        {
            "id": sku.lower(),
            "sku": sku,
            "quantity": quantity,
            "unit_price": _money(price),
            "categories": [promotion, "all"],
        }
        for sku, quantity, price in LINES
    ]
    return json.dumps(
        {
            "order_no": order_no,
            "expected_payable": _money(TOTAL - DISCOUNT),
            "hold_seconds": HOLD_SECONDS,
            "currency": CURRENCY,
            "customer": {"id": customer, "groups": ["gold"]},
            "lines": lines,
        },
        separators=(",", ":"),
    )


def _money(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def script(path: Path, secret: str) -> Path:
    """Writes what wrk runs: `wrk … URL -- PREFIX PROMOTION`, "many" for a promotion: each in turn.

    Every request is a new order with a key of its own. It prints a line of JSON at its end.
    """
    text = _LUA.format(
        secret=secret,
        body=body("@P", "@C", "@N"),
        customers=CUSTOMERS,
        promotions=PROMOTIONS,
    )
    path.write_text(text)
    return path


_LUA = """
local n, prefix, promotion = 0, "", ""
local parts = {{}}
local template = [==[{body}]==]
local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Bearer {secret}"}}

function init(args)
  prefix, promotion = args[1], args[2]
  for text, mark in (template .. "@."):gmatch("(.-)(@[PCN.])") do
    parts[#parts + 1] = text
    parts[#parts + 1] = mark
  end
end

function request()
  n = n + 1
  local number = prefix .. n
  local filled = {{
    ["@N"] = number,
    ["@C"] = "c" .. n % {customers},
    ["@P"] = promotion == "many" and "p" .. n * 7919 % {promotions} or promotion,
    ["@."] = "",
  }}
  local out = {{}}
  for i = 1, #parts, 2 do
    out[i], out[i + 1] = parts[i], filled[parts[i + 1]]
  end
  headers["Idempotency-Key"] = number
  return wrk.format("POST", "/api/orders", headers, table.concat(out))
end

function done(summary, latency, requests)
  local e = summary.errors
  print(string.format(
    '{{"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}}',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""
