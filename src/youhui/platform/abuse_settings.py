"""How often customers may claim, redeem, use and join, and how often a code may be wrong."""

from __future__ import annotations

from pydantic import Field

from youhui.platform.setting_forms import Rate, Section


class Often(Section):
    """What one of each may do; null is without a limit. An address is shared by many, so its limit is the loosest."""

    customer: Rate | None = "10/minute"
    """by customer"""
    device: Rate | None = "10/minute"
    """by device"""
    person: Rate | None = "10/minute"
    """by natural person"""
    ip: Rate | None = "300/minute"
    """by address (64 bits of an IPv6 address)"""


class UseOften(Section):
    """The same of direct use, which the shop's server asks for: looser, since it has been through the shop's checks."""

    customer: Rate | None = "60/minute"
    """by customer"""
    device: Rate | None = "60/minute"
    """by device"""
    person: Rate | None = "60/minute"
    """by natural person"""
    ip: Rate | None = "600/minute"
    """by address"""


class WrongCodes(Section):
    """After so many wrong codes in so many minutes right ones are refused too; null is without a limit."""

    customer: int | None = Field(10, ge=1, le=1_000_000)
    """of a customer"""
    device: int | None = Field(10, ge=1, le=1_000_000)
    """of a device"""
    ip: int | None = Field(100, ge=1, le=1_000_000)
    """of an address"""
    minutes: int = Field(15, ge=1, le=1440)
    """how long a wrong code counts"""


class Abuse(Section):
    """How often one customer, device, natural person or address may claim, redeem, use and join.

    Counted in memory and evened out between nodes; wrong codes are counted in the database.
    """

    claim: Often = Often()
    redeem_code: Often = Often()
    use: UseOften = UseOften()
    join: Often = Often()
    wrong_codes: WrongCodes = WrongCodes()
