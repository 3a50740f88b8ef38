"""docs/reference/access.md, made from the table. `python -m tests.http.access` writes it anew."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from youhui.access import TABLE
from youhui.platform.access import Allowed
from youhui.platform.principals import Role

PAGE = Path(__file__).parents[2] / "docs/reference/access.md"
ROLES: tuple[Role, ...] = get_args(Role)

INTRODUCTION = """# Who may use which route

The service refuses what is not in this table: a route that it does not name answers 404 to everyone. `✓` may use it,
`·` may not (401 without credentials, 403 with some). A storefront's API key needs the scope in its column.
[accounts.md](../accounts.md) says how each gets its credentials.

| role | who that is |
| --- | --- |
| `anonymous` | no credentials at all |
| `shopper` | a customer's browser, with a token that the shop has made for it; sees only what concerns that customer |
| `storefront` | the shop's server, with an API key |
| `viewer`, `operator`, `admin` | people at the console: read; read and write; and administer accounts |

`python -m tests.http.access` writes this page from `src/youhui/access.py`.
"""


def page() -> str:
    head = "".join(f" {role} |" for role in ROLES)
    rows = "".join(f"| `{method} {path}` |{_cells(allowed)}\n" for (method, path), allowed in TABLE.items())
    return f"{INTRODUCTION}\n| route |{head}\n| --- |{' :-: |' * len(ROLES)}\n{rows}"


def _cells(allowed: Allowed) -> str:
    return "".join(f" {_cell(allowed, role)} |" for role in ROLES)


def _cell(allowed: Allowed, role: Role) -> str:
    if role not in allowed.roles:
        return "·"
    return f"`{allowed.scope}`" if role == "storefront" and allowed.scope else "✓"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
