"""What requests may carry: pydantic is lax by default, and reads false as 0 and "7" as 7."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from annotated_types import Le, Lt
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from youhui import bootstrap
from youhui.app import create_app
from youhui.platform.settings import Settings

LARGEST = 2**53 - 1
"""of the integers that JavaScript reads exactly"""


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[APIRoute]:
    folder: Path = tmp_path_factory.mktemp("bodies")
    service = bootstrap.service(Settings(database_url=f"sqlite:///{folder}/x.db", access_log=False))
    app = create_app(service)._app
    service.database.close()
    assert isinstance(app, FastAPI)
    return list(below(app.routes))


def below(routes: Iterable[object]) -> Iterator[APIRoute]:
    """Also those of routers that were included."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from below(router.routes)


def models(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """The models that a value of this type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation, seen)
    for inner in get_args(annotation):
        yield from models(inner, seen)


def bodies(routes: list[APIRoute]) -> list[type[BaseModel]]:
    seen: set[type[BaseModel]] = set()
    found = [
        model
        for route in routes
        for parameter in route.dependant.body_params
        for model in models(parameter.field_info.annotation, seen)
    ]
    assert found
    return found


def test_bodies_are_read_strictly_and_know_their_keys(routes: list[APIRoute]) -> None:
    lax = [
        model.__name__
        for model in bodies(routes)
        if not model.model_config.get("strict") or model.model_config.get("extra") != "forbid"
    ]
    assert lax == []


def test_whole_numbers_of_bodies_have_an_upper_bound(routes: list[APIRoute]) -> None:
    unbounded = [
        f"{model.__name__}.{name}"
        for model in bodies(routes)
        for name, field in model.model_fields.items()
        if int in (kinds := (field.annotation, *get_args(field.annotation)))
        and str not in kinds  # an id, which is kept as text
        and not any(
            (isinstance(mark, Le) and mark.le <= LARGEST) or (isinstance(mark, Lt) and mark.lt <= LARGEST + 1)  # type: ignore[operator]
            for mark in field.metadata
        )
    ]
    assert unbounded == []


def test_whole_numbers_in_addresses_have_an_upper_bound(routes: list[APIRoute]) -> None:
    unbounded = [
        f"{route.path} {parameter.name}"
        for route in routes
        for parameter in (*route.dependant.query_params, *route.dependant.path_params)
        if int in (parameter.field_info.annotation, *get_args(parameter.field_info.annotation))
        and not any(isinstance(mark, Le | Lt) for mark in parameter.field_info.metadata)
    ]
    assert unbounded == []
