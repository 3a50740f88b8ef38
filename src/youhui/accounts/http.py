"""`/api/admin/…`, `/api/token/refresh/` and `/api/shopper-tokens`: thin."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Response

from youhui.accounts.model import Operator
from youhui.accounts.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    EntryOut,
    LoggedInOut,
    LogIn,
    MeOut,
    NewApiKeyOut,
    NewOperatorOut,
    OperatorChange,
    OperatorIn,
    OperatorOut,
    PasswordIn,
    RefreshIn,
    RotateIn,
    ShopperIn,
    TokenOut,
    api_key_out,
    entry_out,
    logged_in_out,
    new_api_key_out,
    operator_out,
)
from youhui.accounts.service import Change, History, Keys, Operators
from youhui.accounts.sessions import Sessions
from youhui.platform.openapi import ERRORS
from youhui.platform.paging import Page, Paging, page_of
from youhui.platform.requests import Address, Caller, IfMatch, etag

Wanted: TypeAlias = Annotated[Paging, Depends()]
Number: TypeAlias = Annotated[int, Path(ge=1, le=2**53 - 1)]
KeyId: TypeAlias = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Filter: TypeAlias = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


def routers(operators: Operators, sessions: Sessions, keys: Keys, history: History) -> list[APIRouter]:
    """The routes."""
    return [_log_in(sessions, operators), _operators(operators), _keys(keys), _audit(history)]


def _routes(tag: str) -> APIRouter:
    return APIRouter(prefix="/api", tags=[tag], responses=ERRORS, dependencies=[Depends(_not_kept)])


def _not_kept(response: Response) -> None:
    """Tokens and keys are in these answers: no cache on the way, nor a browser's, may keep them."""
    response.headers["cache-control"] = "no-store"


def _log_in(sessions: Sessions, operators: Operators) -> APIRouter:
    routes = _routes("log-in")

    @routes.post("/admin/login/", summary="Log in at the console")
    def log_in(body: LogIn, address: Address) -> LoggedInOut:
        """401 WRONG_CREDENTIALS whatever is wrong. After some failures 429 LOGIN_LOCKED, by account and by address,
        for a time that grows: `Retry-After` says how long, and the right password does not help.
        """
        return logged_in_out(sessions.log_in(body.username, body.password, address))

    @routes.post("/token/refresh/", summary="New tokens for a refresh token")
    def refresh(body: RefreshIn) -> LoggedInOut:
        """Each refresh token is good once: the answer has the next one. Sent a second time, it ends the session."""
        return logged_in_out(sessions.refresh(body.refresh))

    @routes.post("/admin/logout/", status_code=204, summary="End a session")
    def log_out(body: RefreshIn) -> Response:
        """Its access tokens end with it."""
        sessions.log_out(body.refresh)
        return Response(status_code=204)

    @routes.get("/admin/me", summary="Who is logged in")
    def me(by: Caller) -> MeOut:
        """The operator whose access token was sent."""
        found = operators.get(int(by.id))
        return MeOut(id=found.id, name=found.name, role=found.role)

    @routes.post("/admin/me/password", status_code=204, summary="Change one's own password")
    def change_password(body: PasswordIn, by: Caller, address: Address) -> Response:
        """Ends all sessions of the operator: log in again. A wrong current password counts as a failed log-in."""
        sessions.change_password(by, body.current, body.new, address)
        return Response(status_code=204)

    return routes


def _operators(service: Operators) -> APIRouter:
    routes = _routes("operators")

    @routes.get("/admin/operators", summary="List operators")
    def listed(paging: Wanted) -> Page[OperatorOut]:
        """By name."""
        found, total = service.page(paging.offset, paging.page_size)
        return page_of([operator_out(one) for one in found], total, paging)

    @routes.post("/admin/operators", status_code=201, summary="Add an operator")
    def add(body: OperatorIn, by: Caller, response: Response) -> NewOperatorOut:
        """`password` in the answer is the random one, if none was sent: it is shown once. 409 OPERATOR_EXISTS."""
        added, password = service.add(body.name, body.role, body.password, by)
        shown = _answered(added, response).model_dump()
        return NewOperatorOut(**shown, password=password if body.password is None else None)

    @routes.patch("/admin/operators/{id}", summary="Change an operator")
    def change(
        id: Number,  # noqa: A002
        body: OperatorChange,
        by: Caller,
        version: IfMatch,
        response: Response,
    ) -> OperatorOut:
        """Another role, password or `active` ends the operator's sessions. 409 LAST_ADMIN for what would leave none.

        With `If-Match` only as it was read: else 412 PRECONDITION_FAILED.
        """
        change = Change(name=body.name, role=body.role, active=body.active, password=body.password)
        return _answered(service.change(id, change, by, version), response)

    @routes.delete("/admin/operators/{id}", status_code=204, summary="Delete an operator")
    def remove(id: Number, by: Caller, version: IfMatch) -> Response:  # noqa: A002
        """With all its sessions. 409 LAST_ADMIN for the last one that is active."""
        service.remove(id, by, version)
        return Response(status_code=204)

    return routes


def _answered(operator: Operator, response: Response) -> OperatorOut:
    response.headers["etag"] = etag(operator.version)
    return operator_out(operator)


def _keys(service: Keys) -> APIRouter:
    routes = _routes("API keys")

    @routes.get("/admin/api-keys", summary="List API keys")
    def listed(paging: Wanted) -> Page[ApiKeyOut]:
        """The latest first, without their secrets. `last_used_at` is written once a minute."""
        found, total = service.page(paging.offset, paging.page_size)
        return page_of([api_key_out(one) for one in found], total, paging)

    @routes.post("/admin/api-keys", status_code=201, summary="Make an API key")
    def add(body: ApiKeyIn, by: Caller) -> NewApiKeyOut:
        """`key` is what a storefront sends as `Authorization: Bearer …`: it is shown once."""
        return new_api_key_out(*service.add(body.name, body.scopes, by, body.expires_at))

    @routes.post("/admin/api-keys/{id}/rotate", summary="Give an API key a new secret")
    def rotate(id: KeyId, by: Caller, body: RotateIn | None = None) -> NewApiKeyOut:  # noqa: A002
        """The secret so far stays good for `grace_hours`; one from before it ends at once."""
        grace = timedelta(hours=(body or RotateIn()).grace_hours)
        return new_api_key_out(*service.rotate(id, grace, by))

    @routes.delete("/admin/api-keys/{id}", status_code=204, summary="Delete an API key")
    def remove(id: KeyId, by: Caller) -> Response:  # noqa: A002
        """It ends at once on this node, within ten seconds on others, and so do the shoppers' tokens it has made."""
        service.remove(id, by)
        return Response(status_code=204)

    @routes.post("/shopper-tokens", status_code=201, summary="A token for a customer's browser")
    def shopper_token(body: ShopperIn, by: Caller) -> TokenOut:
        """For a customer that the shop has recognised. It is good for minutes: make another when it ends."""
        token, seconds = service.shopper_token(str(body.customer_id), by)
        return TokenOut(token=token, expires_in=seconds)

    return routes


def _audit(history: History) -> APIRouter:
    routes = _routes("audit")

    @routes.get("/admin/audit", summary="Who changed what, and when")
    def listed(
        paging: Wanted,
        object: Filter = None,  # noqa: A002
        actor: Filter = None,
        action: Filter = None,
    ) -> Page[EntryOut]:
        """The latest first. `object` is "operator:7", `actor` "admin:1" (the role of then), `action` "discount.update";
        each must be met exactly.
        """
        found, total = history.page(
            paging.offset, paging.page_size, object=object, actor=actor, action=action
        )
        return page_of([entry_out(one) for one in found], total, paging)

    return routes
