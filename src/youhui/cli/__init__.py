"""The command line: `youhui price`, `conformance`, `schema`, `lint`, `serve`."""

from __future__ import annotations

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Runs the command that the arguments name. Always raises SystemExit."""
    try:
        from youhui.cli.commands import app
    except ModuleNotFoundError as missing:
        if missing.name not in ("typer", "rich"):
            raise
        sys.exit(
            f"youhui: {missing.name} is not installed; the command line needs: pip install 'youhui[cli]'"
        )
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without Unicode, or half a surrogate pair in a document, is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="youhui")
