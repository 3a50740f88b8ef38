"""What can be done to give customers coupons. What is answered is committed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from secrets import token_hex

import structlog
from cachetools import LRUCache

from youhui.checkout.orders import store as orders
from youhui.checkout.ports import Directory
from youhui.coupons.issuing.commands import Facts, FactsNeeded, Issue, Issued, issue_key
from youhui.coupons.issuing.jobs import issue_gifts
from youhui.coupons.issuing.problems import (
    CouponLimitReached,
    CouponNotClaimable,
    CouponNotForCustomer,
    CouponSoldOut,
)
from youhui.coupons.issuing.writing import decide_all
from youhui.coupons.templates import store as templates
from youhui.platform.committing import Committing
from youhui.platform.db import Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Unavailable
from youhui.platform.readers import Readers

MOST_REMEMBERED = 1_000
"""templates of which it is known that they ask for facts of customers"""
MOMENT = 0.2
"""seconds from the first order that is paid until gifts are given: what was paid meanwhile goes with it"""
NOT_THIS_ONE = (CouponLimitReached, CouponNotClaimable, CouponNotForCustomer, CouponSoldOut)
"""what is left out where a customer is given whatever there is"""

_log = structlog.get_logger()


class Issuer(Committing[Issue, Issued]):
    """The committer of coupons of one process. `clock`: None is the database's."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__(
            database, lambda connection, commands: decide_all(connection, commands, clock), name="issuing"
        )


class Issuing:
    """The use cases. All may raise Unavailable: then the same request, sent again, says what became of it.

    `clock` never waits, `turned` is it where it is not the database's; `directory` knows the groups of customers.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        readers: Readers,
        clock: Callable[[], datetime],
        turned: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._issuer = Issuer(database, clock=turned)
        self._directory = directory
        self._readers = readers
        self._clock = clock
        self._turned = turned
        self._awake = threading.Event()
        self._giving = ThreadPoolExecutor(1, thread_name_prefix="gifts")
        self._asking: LRUCache[int, bool] = LRUCache(MOST_REMEMBERED)

    def start(self) -> None:
        """From now on coupons are issued."""
        self._issuer.start()

    def stop(self) -> None:
        """Ends what was accepted, and accepts nothing more."""
        self._giving.shutdown(cancel_futures=True)
        self._issuer.stop()

    async def claim(self, template_id: int, customer: str, by: Principal, key: str | None = None) -> Issued:
        """A coupon for a customer who asks for it. `key`: the caller's Idempotency-Key; without one each is its own.

        Raises what `issue` raises.
        """
        once = (by.name, key) if key is not None else (token_hex(16),)
        return await self.issue(
            Issue(
                template_id=template_id,
                customer=customer,
                way="claim",
                issue_key=issue_key("claim", *once),
                by=by.name,
                idempotency_key=key,
            )
        )

    async def issue(self, command: Issue) -> Issued:
        """Raises CouponTemplateNotFound, CouponNotClaimable, CouponNotForCustomer, CouponSoldOut, CouponLimitReached,
        CodeNotFound, CodeUsedUp, KeyReused, InFlight.
        """
        if command.template_id not in self._asking:
            try:
                return await self._issuer.run(command)
            except FactsNeeded:
                self._asking[command.template_id] = True
        facts = await self._readers.run(self.facts, command.customer)
        return await self._issuer.run(replace(command, facts=facts))

    async def registered(self, customer: str, by: Principal) -> list[Issued]:
        """A coupon of each template that is given on registration, in the order of their ids; each once and never more.

        A template that gives this customer none, because of its limits or its audience, is left out.
        """
        outcomes = await asyncio.gather(
            *[
                self.issue(_on_registration(template_id, customer, by))
                for template_id in await self._readers.run(self._given_on_registration)
            ],
            return_exceptions=True,
        )
        return list(_issued(outcomes))

    def _given_on_registration(self) -> list[int]:
        with self._database.reading() as connection:
            return [one.id for one in templates.with_way(connection, "registration", self._clock())]

    def facts(self, customer: str, besides: int = 0) -> Facts:
        """What audiences ask of a customer; so many orders do not count. May wait. Raises Unavailable."""
        known = self._directory.customer(customer)
        with self._database.reading() as connection:
            placed = orders.count_orders(connection, customer, self._clock())
        return Facts(frozenset(known.groups if known else ()), placed > besides)

    # -- gifts after payment

    def gifts_due(self) -> int:
        """Gives what is due; how many orders there were. The one that was paid makes nobody an old customer.

        May take long. Raises Unavailable.
        """
        return issue_gifts(self._database, partial(self.facts, besides=1), self._turned)

    def wake(self) -> None:
        """Does that soon, in a thread; orders were paid or given back. Never waits."""
        if not self._awake.is_set():
            self._awake.set()
            self._giving.submit(self._give)

    def _give(self) -> None:
        """What fails is due still, and the job comes each minute."""
        time.sleep(MOMENT)
        self._awake.clear()
        try:
            self.gifts_due()
        except Unavailable as error:
            _log.warning("gifts wait: the database is not available", error=error.cause)
        except Exception:
            _log.exception("gifts failed")


def _on_registration(template_id: int, customer: str, by: Principal) -> Issue:
    return Issue(
        template_id=template_id,
        customer=customer,
        way="registration",
        issue_key=issue_key("registration", template_id, customer),
        by=by.name,
    )


def _issued(outcomes: Iterable[Issued | BaseException]) -> Iterator[Issued]:
    """Raises what is not a reason to leave one out."""
    for one in outcomes:
        if isinstance(one, Issued):
            yield one
        elif not isinstance(one, NOT_THIS_ONE):
            raise one
