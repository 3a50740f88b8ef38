"""`youhui schema`: JSON Schema of the documents."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from youhui.conformance import case_schema
from youhui.engine.schema import cart_schema, promotion_schema

_SCHEMAS = {"promotion": promotion_schema, "cart": cart_schema, "case": case_schema}


def schema(
    document: Annotated[
        Literal["promotion", "cart", "case"], typer.Argument(help="What the schema describes.")
    ] = "promotion",
) -> None:
    """Print the JSON Schema (draft 2020-12) of a document."""
    typer.echo(json.dumps(_SCHEMAS[document](), ensure_ascii=False, indent=2))
