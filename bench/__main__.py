"""python3 dev.py bench [SECTION…]: measures all sections or those named, prints a table; exit 1 if a bar is missed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from bench import check, codes, compiling, directory, discounts, engine, http, orders, oscar, search
from bench.results import Row

SECTIONS: dict[str, Callable[[], Iterator[Row]]] = {
    "engine": engine.rows,
    "search": search.rows,
    "compiling": compiling.rows,
    "oscar": oscar.rows,
    "discounts": discounts.rows,
    "directory": directory.rows,
    "http": http.rows,
    "orders": orders.rows,
    "check": check.rows,
    "codes": codes.rows,
}


def main(names: list[str]) -> int:
    """Runs these sections (none named: all of them), printing each row as it is measured."""
    wrong = [name for name in names if name not in SECTIONS]
    if wrong:
        print(f"no such benchmark: {', '.join(wrong)}; there are: {', '.join(SECTIONS)}")
        return 2
    missed = 0
    print("| what | figure (median of pairs, 90 % interval) | bar | |\n| --- | --- | --- | --- |", flush=True)
    for name in names or SECTIONS:
        for row in SECTIONS[name]():
            verdict = "**missed** " if row.missed else ""
            print(f"| {row.name} | {row.figure} | {row.bar} | {verdict}{row.detail} |", flush=True)
            missed += row.missed
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
