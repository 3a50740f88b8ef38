"""The command line: `youhui price`, `conformance`, `schema`, `lint`, `serve`."""

from __future__ import annotations

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Runs the command that the arguments name. Always raises SystemExit."""
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
        extra = "cli" if package in ("typer", "rich") else "server"
        sys.exit(f"youhui: {package} is not installed; this needs: pip install 'youhui[{extra}]'")
