"""What handlers take from a request beside its body."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Request

from youhui.platform.edge import Call, call_of
from youhui.platform.languages import both
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault, Forbidden, Invalid

_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def etag(version: int) -> str:
    """The ETag of something at a version."""
    return f'"{version}"'


def customer_of(by: Principal, stated: str | None) -> str | None:
    """The customer that something is asked for, if this one is stated: a shopper asks for itself only.

    Raises Forbidden.
    """
    mine = by.customer
    if mine is not None and stated not in (None, mine):
        raise Forbidden
    return mine or stated


def _call(request: Request) -> Call:
    return call_of(request.scope)


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

Asked: TypeAlias = Annotated[Call, Depends(_call)]
"""all of it, for handlers that read the body themselves"""
Caller: TypeAlias = Annotated[Principal, Depends(_caller)]
"""who asks"""
Address: TypeAlias = Annotated[str, Depends(_address)]
"""from where"""
IfMatch: TypeAlias = Annotated[int | None, Depends(_if_match)]
"""the version that the caller has read, if the request says so"""
