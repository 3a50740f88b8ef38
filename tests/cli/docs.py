"""The parts of the documentation that commands print. `python -m tests.cli.docs` writes them anew."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.running import ROOT, youhui

PAGE = ROOT / "docs/cli.md"
SCHEMAS = {name: ROOT / f"docs/schema/{name}.json" for name in ("promotion", "cart", "case")}
BLOCK = re.compile(r"```console\n\$ youhui ([^\n]*)\n(.*?)```", re.DOTALL)


def block(arguments: str) -> str:
    """What the page shows of a command, without the spaces that fill its lines."""
    lines = youhui(*shlex.split(arguments)).out.splitlines()
    printed = "".join(f"{line.rstrip()}\n" for line in lines)
    return f"```console\n$ youhui {arguments}\n{printed}```"


def schema(name: str) -> str:
    """What `youhui schema` prints."""
    return youhui("schema", name).out


def write(file: Path, content: str) -> None:
    """Writes a file where it is not so already."""
    if not file.exists() or file.read_text("utf-8") != content:
        file.write_text(content, "utf-8")
        print(f"{file.relative_to(ROOT)} is new")


if __name__ == "__main__":
    write(PAGE, BLOCK.sub(lambda found: block(found[1]), PAGE.read_text("utf-8")))
    for name, file in SCHEMAS.items():
        write(file, schema(name))
