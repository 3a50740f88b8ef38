"""`youhui config`: the settings in force, and where each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import typer

from youhui.cli import opening
from youhui.cli.opening import Where


def config(database: Where = None) -> None:
    """Print the settings in force as YAML, without secrets, each with where it comes from."""
    from youhui.platform.configured import origins

    settings = opening.settings(database)
    from_where = origins(type(settings), opening.given(database))
    for line in _yaml(settings.model_dump(mode="json"), from_where):
        typer.echo(line)


def _yaml(values: Mapping[str, object], origins: Mapping[str, str], *above: str) -> Iterator[str]:
    """What JSON writes of a value is YAML too."""
    from youhui.platform.setting_forms import without_password

    for name, value in values.items():
        key = f"{'  ' * len(above)}{name}:"
        if isinstance(value, Mapping):
            yield key
            yield from _yaml(value, origins, *above, name)
        else:
            shown = without_password(value) if isinstance(value, str) else value
            origin = origins.get(".".join((*above, name)), "default")
            yield f"{key} {json.dumps(shown, ensure_ascii=False)}  # {origin}"
