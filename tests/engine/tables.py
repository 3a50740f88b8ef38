"""Reads the tables of conditions, actions, extensions and examples, and the documentation's worked tables.

A table is a JSON file with the `kind`, what it `says`, and `cases`, each with an `id` and a `why`. A case has a cart in
words ("a: 3 x 10.00 MUG in mugs; floor 8.00"), then either a `condition` and whether it `holds`, or an `action` (or
`actions`, with the other `terms` of its promotion) or whole `promotions`, and what is taken: `takes` names every line
(and "shipping") that gets something. `units` ("2 x 3.34, 3.33"), `stock` (by line, how many units came out of the
stock of the promotions), `gifts` ("2 x TEA"), `applied`, `refused` and
`rejected_codes` are looked at where they are given. `earlier` promotions come first. Other keys are a case's
(FORMAT.md 1), with CNY, noon of Thursday 15 January 2026 and a guest where they are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.engine.agreement import Guests

Document: TypeAlias = dict[str, Any]

HERE = Path(__file__).parent
FOLDERS = ("conditions", "actions", "extensions", "examples")
DOC = HERE.parent.parent / "docs" / "algorithm" / "extensions.md"

LINE = re.compile(
    r"(?P<id>\w+): (?P<quantity>\d+) x (?P<unit_price>[\d.]+)(?: (?P<sku>[A-Z][\w-]*))?"
    r"(?: of (?P<product>[\w-]+))?(?: in (?P<categories>[\w, -]+))?(?P<rest>(?:; [^;]+)*)"
)
COUNTERS = {"left": "units_left", "had": "units_by_customer"}
"""columns of the documentation that say what was used of the first promotion"""
OF_A_CASE = ("now", "currency", "customer", "context", "codes")
HOLDS = {"kind": "gift", "sku": "IT-HOLDS", "quantity": 1}
"""the action of a condition's cases: it is given, for any cart, if the condition holds"""


@dataclass(frozen=True)
class Case:
    """A case of FORMAT.md without its `expect`, and what a table expects of it."""

    id: str
    why: str
    case: Document
    takes: dict[str, str] | None = None
    units: dict[str, str] = field(default_factory=dict)
    stock: dict[str, int] | None = None
    gifts: list[str] | None = None
    applied: list[str] | None = None
    refused: dict[str, str] = field(default_factory=dict)
    rejected_codes: dict[str, str] | None = None
    guests: Guests = "allow"


@dataclass(frozen=True)
class Table:
    """One file."""

    path: Path
    kind: str
    says: str
    cases: tuple[Case, ...]


def tables(folder: str) -> list[Table]:
    """All tables of a folder."""
    return [_table(path) for path in sorted((HERE / folder).glob("*.json"))]


def _table(path: Path) -> Table:
    document = json.loads(path.read_text(encoding="utf-8"))
    unknown = set(document) - {"kind", "says", "cases"}
    assert not unknown, f"{path.name}: {unknown}"
    cases = tuple(_case(f"{path.stem}/{row['id']}", row) for row in document["cases"])
    return Table(path, document["kind"], document["says"], cases)


def _case(name: str, row: Document) -> Case:
    row = dict(row)
    case: Document = {"id": name, "now": "2026-01-15T12:00:00Z", "currency": "CNY"}
    case |= {key: row.pop(key) for key in OF_A_CASE if key in row}
    case["lines"] = [line(words) for words in row.pop("cart")]
    if "shipping" in row:
        case["shipping"] = _shipping(row.pop("shipping"))
    case["promotions"] = [*row.pop("earlier", []), *_promotions(row)]
    if "holds" in row:
        row["applied"] = [p["id"] for p in case["promotions"] if p["id"] != "it" or row["holds"]]
        del row["holds"]
    del row["id"]
    return Case(name, row.pop("why"), case, **row)


def _promotions(row: Document) -> list[Document]:
    if "condition" in row:
        return [{"id": "it", "conditions": [row.pop("condition")], "actions": [HOLDS]}]
    if "promotions" in row:
        found: list[Document] = row.pop("promotions")
        return found
    actions = row.pop("actions", None) or [row.pop("action")]
    return [{"id": "it", **row.pop("terms", {}), "actions": actions}]


def line(words: str) -> Document:
    """A line in words: its sku is its id in capitals where it is left out."""
    match = LINE.fullmatch(words)
    assert match is not None, f"a line reads like 'a: 3 x 10.00 MUG in mugs; floor 8.00', not {words!r}"
    found: Document = {"id": match["id"], "sku": match["sku"] or match["id"].upper()}
    found |= {"unit_price": match["unit_price"], "quantity": int(match["quantity"])}
    if match["product"]:
        found["product"] = match["product"]
    if match["categories"]:
        found["categories"] = match["categories"].split(", ")
    for extra in match["rest"].split("; ")[1:]:
        if extra == "not discountable":
            found["discountable"] = False
        elif extra.startswith("floor "):
            found["min_unit_price"] = extra.removeprefix("floor ")
        else:
            name, value = extra.split("=")
            found.setdefault("attributes", {})[name] = _value(value)
    return found


def _value(text: str) -> object:
    """`new=true` is a flag, `year=2024` a whole number, `color=red` a text."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def _shipping(words: str) -> Document:
    price, _, method = words.partition(" by ")
    return {"price": price, **({"method": method} if method else {})}


def each_unit(words: str) -> list[str]:
    """ "2 x 3.34, 3.33" is ["3.34", "3.34", "3.33"]."""
    found = []
    for part in words.split(", "):
        times, _, amount = part.rpartition(" x ")
        found += [amount] * int(times or 1)
    return found


# -- the documentation's worked tables


def documented() -> Iterator[Case]:
    """Each row of a table of docs/algorithm/extensions.md that follows promotions written as JSON."""
    promotions: list[Document] = []
    columns: list[str] = []
    for number, text in enumerate(_lines_of_doc(), 1):
        if text.startswith("["):
            promotions, columns = json.loads(text), []
        elif not text.startswith("|"):
            columns = []
        elif not columns:
            columns = _cells(text)
        elif not text.startswith("| ---") and "cart" in columns:
            yield _documented(
                f"extensions.md/{number}", dict(zip(columns, _cells(text), strict=True)), promotions
            )


def _lines_of_doc() -> Iterator[str]:
    """The lines; a block of JSON is one."""
    block: list[str] | None = None
    for text in DOC.read_text(encoding="utf-8").splitlines():
        if text == "```json":
            block = []
        elif text == "```" and block is not None:
            yield "".join(block)
            block = None
        elif block is not None:
            block.append(text)
        else:
            yield text


def _cells(text: str) -> list[str]:
    return [cell.strip().replace("`", "") for cell in text.strip("|").split(" | ")]


def _documented(name: str, cells: dict[str, str], promotions: list[Document]) -> Case:
    row: Document = {"id": name, "why": cells.get("because", ""), "promotions": promotions}
    row["cart"] = cells["cart"].split(" + ") if cells["cart"] != "–" else []
    for key in ("shipping", "guests"):
        if cells.get(key, "–") != "–":
            row[key] = cells[key]
    for key in ("customer", "codes"):
        if cells.get(key, "–") != "–":
            row[key] = json.loads(cells[key])
    for key in ("takes", "refused"):
        if key in cells:
            row[key] = dict(_pair(pair) for pair in cells[key].split(", ")) if cells[key] != "–" else {}
    if "stock" in cells:
        pairs = cells["stock"].split(", ") if cells["stock"] != "–" else []
        row["stock"] = {name: int(count) for name, count in map(_pair, pairs)}
    if "gifts" in cells:
        row["gifts"] = cells["gifts"].split(", ") if cells["gifts"] != "–" else []
    first, *others = promotions
    counters = {key: int(cells[name]) for name, key in COUNTERS.items() if cells.get(name, "–") != "–"}
    row["promotions"] = [{**first, **counters}, *others]
    return _case(name, row)


def _pair(words: str) -> tuple[str, str]:
    name, value = words.split(" ")
    return name, value
