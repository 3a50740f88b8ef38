"""Lists come in pages: `?page=1&page_size=20`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")

LARGEST_PAGE = 100
LAST_PAGE = 10**9
"""keeps the offset inside every database's integers"""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is wanted."""

    page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1
    page_size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 20

    @property
    def offset(self) -> int:
        """How many entries come before the page."""
        return (self.page - 1) * self.page_size


class Page(BaseModel, Generic[T]):
    """One page of a list, and where it stands in it."""

    results: list[T]
    total: int
    page: int
    total_pages: int
    has_next: bool
    has_previous: bool


def page_of(results: list[T], total: int, paging: Paging) -> Page[T]:
    """The page, given its entries and how many there are in all. An empty list has one empty page."""
    last = max(1, -(-total // paging.page_size))
    return Page(
        results=results,
        total=total,
        page=paging.page,
        total_pages=last,
        has_next=paging.page < last,
        has_previous=paging.page > 1,
    )
