"""What a request says of who acts.

A storefront's server states it in the body, as `risk`. Of a shopper's token the customer is the token's, the address
the connection's, and the device what the header X-Device-Id says: what else a browser states is not believed.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from youhui.checkout.abuse.model import Risk
from youhui.platform.edge import Call, call_of
from youhui.platform.ids import SCHEMA_PATTERN, is_shop_id
from youhui.platform.parameters import invalid_parameters


def _opaque(value: object) -> object:
    """Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and not is_shop_id(value):
        raise ValueError("not_a_shop_id")
    return value


Opaque: TypeAlias = Annotated[
    str,
    BeforeValidator(_opaque, json_schema_input_type=Annotated[str, Field(pattern=SCHEMA_PATTERN)] | int),
]
"""1 to 64 characters without commas, spaces and control characters; a JSON number is kept as its digits"""


class RiskIn(BaseModel):
    """What the shop's server knows of who acts; a shopper's token need not say any of it."""

    model_config = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True)

    device: Opaque | None = None
    """the id of the device or browser"""
    ip: Opaque | None = None
    """the address of the customer, not of the server"""
    person: Opaque | None = None
    """the same for all accounts of one natural person, such as a hash of the phone number"""


def risk_of(call: Call, customer: str | None, stated: RiskIn | None = None) -> Risk:
    """Who acts: the `customer` that the request is for, and what is `stated` of it, as far as it is believed."""
    if call.principal.role == "shopper":
        return Risk(call.principal.id, _device(call.device), call.address or None)
    stated = stated or RiskIn()
    return Risk(customer, stated.device, stated.ip, stated.person, trusted=True)


def read_risk(call: Call, customer: str | None, stated: object) -> Risk:
    """The same for hot endpoints, of the value of `risk` in a body (None: it is not there). Raises Invalid."""
    if stated is None:
        return risk_of(call, customer)
    try:
        return risk_of(call, customer, RiskIn.model_validate(stated))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise invalid_parameters([{**one, "loc": ("risk", *one["loc"])} for one in faults]) from None


def _device(header: bytes | None) -> str | None:
    text = (header or b"").decode("latin-1").strip()
    return text if is_shop_id(text) else None


def _asked(
    request: Request,
    x_device_id: Annotated[str | None, Header(description="The id of a shopper's device")] = None,
) -> Call:
    return call_of(request.scope)


Asked: TypeAlias = Annotated[Call, Depends(_asked)]
"""for FastAPI's handlers: the call that `risk_of` takes; documents the header"""
