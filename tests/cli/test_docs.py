"""The documentation shows what the commands print."""

from __future__ import annotations

import pytest

from tests.cli import docs
from youhui.cli.commands import app

BLOCKS = list(docs.BLOCK.finditer(docs.PAGE.read_text("utf-8")))
ANEW = "write it anew with: python -m tests.cli.docs"


@pytest.mark.parametrize("arguments", [pytest.param(found[1], id=found[1]) for found in BLOCKS])
def test_the_page_shows_what_the_command_prints(arguments: str) -> None:
    shown = [found[0] for found in BLOCKS if found[1] == arguments]
    assert shown == [docs.block(arguments)], ANEW


COMMANDS = [
    command.name or command.callback.__name__ for command in app.registered_commands if command.callback
]
COMMANDS += [group.name for group in app.registered_groups if group.name]


@pytest.mark.parametrize("arguments", ["--help", *(f"{command} --help" for command in COMMANDS)])
def test_every_help_is_on_the_page(arguments: str) -> None:
    assert arguments in [found[1] for found in BLOCKS]


@pytest.mark.parametrize("name", docs.SCHEMAS)
def test_the_schema_in_the_documentation_is_the_one_printed(name: str) -> None:
    assert docs.SCHEMAS[name].read_text("utf-8") == docs.schema(name), ANEW
