"""Which route a request is for, and who may use it. What the table does not name is not there for anyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from youhui.platform.principals import Principal, Role, Scope
from youhui.platform.problems import Forbidden, MethodNotAllowed, NotFound, Unauthenticated

LimitClass: TypeAlias = Literal["log_in"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may use a route. A storefront key needs the `scope`, if there is one, beside its role.

    `streamed`: the endpoint reads the body by itself, of any length and type. `limit`: a class of rate limit of its
    own, beside the caller's. `free`: for everyone, whoever asks is not looked at and not limited: probes and pages.
    """

    roles: frozenset[Role]
    scope: Scope | None = None
    streamed: bool = False
    limit: LimitClass | None = None
    free: bool = False

    def admit(self, principal: Principal) -> None:
        """Raises Unauthenticated for the anonymous and Forbidden for all others who may not."""
        if principal.role in self.roles and (
            self.scope is None or principal.role != "storefront" or self.scope in principal.scopes
        ):
            return
        raise Unauthenticated if principal.role == "anonymous" else Forbidden


Table: TypeAlias = Mapping[tuple[str, str], Allowed]
"""by method and path; `{name}` stands for one part of a path, `{name:path}` for all the rest"""


@dataclass(frozen=True, slots=True)
class Found:
    """The route of a request. `path` is the request's own, with or without a slash at its end as the route has it."""

    template: str
    path: str
    allowed: Allowed


class Access:
    """Finds routes."""

    def __init__(self, table: Table) -> None:
        self._exact: dict[str, dict[str, Allowed]] = {}
        self._shaped: dict[int, list[tuple[list[str], str, dict[str, Allowed]]]] = {}
        self._below: list[tuple[str, str, dict[str, Allowed]]] = []
        by_path: dict[str, dict[str, Allowed]] = {}
        for (method, path), allowed in table.items():
            by_path.setdefault(path, {})[method] = allowed
        for path, methods in by_path.items():
            if path.endswith(":path}"):
                self._below.append((path[: path.rindex("{")], path, methods))
            elif "{" in path:
                parts = path.split("/")
                self._shaped.setdefault(len(parts), []).append((parts, path, methods))
            else:
                self._exact[path] = methods

    def find(self, method: str, path: str) -> Found:
        """Raises NotFound, MethodNotAllowed. A slash more or less at the end does not matter."""
        found = self._methods(path)
        if found is None:
            path = path[:-1] if path.endswith("/") else f"{path}/"
            found = self._methods(path)
        if found is None:
            raise NotFound
        template, methods = found
        allowed = methods.get(method)
        if allowed is None:
            raise MethodNotAllowed(headers={"allow": ", ".join(sorted(methods))})
        return Found(template, path, allowed)

    def _methods(self, path: str) -> tuple[str, Mapping[str, Allowed]] | None:
        exact = self._exact.get(path)
        if exact is not None:
            return path, exact
        parts = path.split("/")
        for shape, template, methods in self._shaped.get(len(parts), ()):
            if all(
                theirs == mine or (theirs[:1] == "{" and mine)
                for theirs, mine in zip(shape, parts, strict=True)
            ):
                return template, methods
        for start, template, methods in self._below:
            if path.startswith(start):
                return template, methods
        return None
