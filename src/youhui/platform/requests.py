"""What handlers take from a request beside its body."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Request

from youhui.platform.edge import call_of
from youhui.platform.languages import both
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault, Invalid

_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def etag(version: int) -> str:
    """The ETag of something at a version."""
    return f'"{version}"'


def _caller(request: Request) -> Principal:
    return call_of(request.scope).principal


def _address(request: Request) -> str:
    return call_of(request.scope).address


def _if_match(
    if_match: Annotated[str | None, Header(description="The ETag as it was read")] = None,
) -> int | None:
    """The version that the caller has read; None where the header is absent or "*". Raises Invalid."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Invalid([_NOT_AN_ETAG])
    return int(found[1])


_NOT_AN_ETAG = Fault(
    "If-Match", "not_an_etag", both("须为读取时返回的 ETag", "It must be the ETag of an answer").__getitem__
)

Caller: TypeAlias = Annotated[Principal, Depends(_caller)]
"""who asks"""
Address: TypeAlias = Annotated[str, Depends(_address)]
"""from where"""
IfMatch: TypeAlias = Annotated[int | None, Depends(_if_match)]
"""the version that the caller has read, if the request says so"""
