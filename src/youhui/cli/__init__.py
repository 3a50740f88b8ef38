"""The command line: `youhui price`, `conformance`, `schema`, `lint`, `serve`."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from youhui.platform.languages import Told

__all__ = ["main"]

_EXTRAS = {"typer": "cli", "rich": "cli", "redis": "redis", "psycopg": "postgresql", "pymysql": "mysql"}
"""which extra brings a package; `server` all others"""


def main() -> None:
    """Runs the command that the arguments name. Always raises SystemExit."""
    from youhui.platform.languages import Told

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without Unicode, or half a surrogate pair in a document, is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        from youhui.cli.commands import app

        app(prog_name="youhui")
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        if package == "youhui":
            raise
        extra = _EXTRAS.get(package, "server")
        sys.exit(f"youhui: {package} is not installed; this needs: pip install 'youhui[{extra}]'")
    except Told as error:
        _stop(error)


def _stop(error: Told) -> NoReturn:
    """Says what is wrong, and exits with 2."""
    from youhui.cli.files import printable
    from youhui.cli.words import language

    for sentence in error.told(language(None, os.environ)):
        print(f"youhui: {printable(' '.join(sentence.split()))}", file=sys.stderr)
    sys.exit(2)
