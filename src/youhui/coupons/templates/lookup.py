"""Templates and compiled terms in memory: a quote with coupons reads neither of them again.

A change is seen as soon as the version of coupons is followed: templates are held by it. Terms never change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import structlog
from cachetools import LRUCache
from msgspec import structs

from youhui.coupons.model import Template, Terms
from youhui.coupons.rules import promotion_of
from youhui.coupons.templates import store
from youhui.engine import InvalidDocument, Promotion, Registry
from youhui.platform.db import Database

MOST_TEMPLATES = 4096
MOST_TERMS = 4096

_log = structlog.get_logger()


class _Known(NamedTuple):
    """By what terms were compiled that is not theirs: a template may be renamed."""

    terms_id: int
    name: str
    direct: bool


class Lookup:
    """`version`: of coupons, as it was followed last. All methods may be called in any thread."""

    def __init__(self, database: Database, registry: Registry, version: Callable[[], int]) -> None:
        self._database = database
        self._registry = registry
        self._version = version
        self._lock = threading.Lock()
        self._held_at = version()
        self._templates: LRUCache[int, Template] = LRUCache(MOST_TEMPLATES)
        self._compiled: LRUCache[_Known, Promotion | None] = LRUCache(MOST_TERMS)

    def templates(self, ids: Collection[int]) -> dict[int, Template]:
        """Those of these that are there: one query for all that are not held. Raises Unavailable."""
        version = self._version()
        with self._lock:
            if version != self._held_at:
                self._templates.clear()
                self._held_at = version
            found = {id_: held for id_ in ids if (held := self._templates.get(id_)) is not None}
        missing = set(ids) - found.keys()
        if missing:
            with self._database.reading() as connection:
                read = store.some(connection, missing)
            with self._lock:
                if version == self._held_at:
                    self._templates.update(read)
            found |= read
        return found

    def compiled(self, terms: Mapping[int, int], *, direct: bool = False) -> dict[int, Promotion]:
        """The promotions of terms, by their ids: `terms` has the id of the template of each. `direct`: for a use
        without a cart, for which terms may say that their scope does not matter.

        Two queries at most. Absent: terms of a kind that is not installed any more, which is logged.
        Raises Unavailable.
        """
        templates = self.templates(set(terms.values()))
        known = {
            id_: _Known(id_, templates[template].name, direct)
            for id_, template in terms.items()
            if template in templates
        }
        missing = set()
        found: dict[int, Promotion | None] = {}
        with self._lock:
            for id_, key in known.items():
                if key in self._compiled:
                    found[id_] = self._compiled[key]
                else:
                    missing.add(id_)
        read = self._read({id_: templates[terms[id_]] for id_ in missing}, direct)
        with self._lock:
            self._compiled.update((known[id_], promotion) for id_, promotion in read.items())
        return {id_: one for id_, one in {**found, **read}.items() if one is not None}

    def _read(self, templates: Mapping[int, Template], direct: bool) -> dict[int, Promotion | None]:
        """By terms. Those of today are in their template."""
        documents = {id_: one.terms for id_, one in templates.items() if one.terms_id == id_}
        if old := templates.keys() - documents.keys():
            with self._database.reading() as connection:
                documents |= {id_: found for id_, (found, _) in store.terms_of(connection, old).items()}
        if direct:
            documents = {id_: _for_direct_use(found) for id_, found in documents.items()}
        return {id_: self._promotion(found, templates[id_]) for id_, found in documents.items()}

    def _promotion(self, terms: Terms, template: Template) -> Promotion | None:
        """Terms that cannot be read must not stop the pricing by all others."""
        try:
            return promotion_of(terms, template.id, template.currency, self._registry, template.name)
        except InvalidDocument as error:
            _log.error("coupon terms left out", template=template.id, problems=str(error))
            return None


def _for_direct_use(terms: Terms) -> Terms:
    return terms if terms.check_scope else structs.replace(terms, scope=None)
