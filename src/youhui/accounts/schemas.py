"""What the routes of accounts are asked and answer. Secrets are in the answer that made them and in no other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from youhui.accounts.model import DEFAULT_SCOPES, ApiKey, LoggedIn, Operator, StaffRole
from youhui.platform.audit import Entry
from youhui.platform.principals import Scope

Text: TypeAlias = Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$")]
"""what is read more closely by the rules; no database stores a NUL"""
Refresh: TypeAlias = Annotated[str, Field(max_length=256, description="The refresh token")]


def _in_utc(instant: datetime) -> datetime:
    """Raises ValueError for one that is in the year 10000 there, or in none."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class _In(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class LogIn(_In):
    """Who logs in at the console."""

    username: Text
    password: Text


class RefreshIn(_In):
    """Whose session it is."""

    refresh: Refresh


class PasswordIn(_In):
    """A new password, by who knows the current one."""

    current: Text
    new: Text


class OperatorIn(_In):
    """A new operator. Without a password it gets a random one."""

    name: Text
    role: StaffRole
    password: Text | None = None


class OperatorChange(_In):
    """What is to be different of an operator; what is left out stays."""

    name: Text | None = None
    role: StaffRole | None = None
    active: bool | None = None
    password: Text | None = None


class ApiKeyIn(_In):
    """A new API key."""

    name: Text
    scopes: list[Scope] = Field(sorted(DEFAULT_SCOPES), min_length=1, max_length=10)
    expires_at: Annotated[Instant | None, Field(strict=False)] = None


class RotateIn(_In):
    """How long the secret so far stays good."""

    grace_hours: int = Field(24, ge=0, le=168)


class ShopperIn(_In):
    """Whom a token is for: the shop's id of the customer, a text or a number."""

    customer_id: str | int


class LoggedInOut(BaseModel):
    """A new pair of tokens. `expires_in`: seconds of the access token."""

    access: str
    refresh: str
    role: StaffRole
    expires_in: int


class MeOut(BaseModel):
    """Who asks."""

    id: int
    name: str
    role: StaffRole


class OperatorOut(BaseModel):
    """An operator. `version` is what its ETag says."""

    id: int
    name: str
    role: StaffRole
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None


class NewOperatorOut(OperatorOut):
    """With its first password, if that is a random one: it is shown once."""

    password: str | None


class ApiKeyOut(BaseModel):
    """An API key. `prefix` is how its secrets begin; `previous_until`: the end of the one before the last rotation."""

    id: str
    prefix: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    previous_until: datetime | None


class NewApiKeyOut(ApiKeyOut):
    """With its secret, which is shown once."""

    key: str


class TokenOut(BaseModel):
    """A token of a shopper. `expires_in`: its seconds."""

    token: str
    expires_in: int


class EntryOut(BaseModel):
    """An entry of the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    object: str
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None


def logged_in_out(pair: LoggedIn) -> LoggedInOut:
    """As it is answered."""
    return LoggedInOut(access=pair.access, refresh=pair.refresh, role=pair.role, expires_in=pair.expires_in)


def operator_out(operator: Operator) -> OperatorOut:
    """Without the hash of its password."""
    return OperatorOut.model_validate(operator, from_attributes=True)


def api_key_out(key: ApiKey) -> ApiKeyOut:
    """Without the hashes of its secrets."""
    return ApiKeyOut.model_validate(_told(key))


def new_api_key_out(key: ApiKey, secret: str) -> NewApiKeyOut:
    """With the secret."""
    return NewApiKeyOut.model_validate({**_told(key), "key": secret})


def entry_out(entry: Entry) -> EntryOut:
    """As it was recorded."""
    return EntryOut.model_validate(entry, from_attributes=True)


def _told(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "previous_until": key.previous_until,
    }
