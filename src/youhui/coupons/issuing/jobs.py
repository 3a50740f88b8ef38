"""What is done by the way: gifts after payment, and writing down what is over. Broken off, it goes on where it was.

No coupon is used that is over, whether or not that was written down (P15).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from time import sleep

from youhui.checkout.store import database_now
from youhui.coupons.issuing import store
from youhui.coupons.issuing.commands import Facts, Issue, issue_key
from youhui.coupons.issuing.deciding import asks_for_facts
from youhui.coupons.issuing.store import Gift
from youhui.coupons.issuing.writing import decide_all
from youhui.coupons.model import Template
from youhui.coupons.templates import store as templates
from youhui.platform.db import Connection, Database
from youhui.platform.failpoints import reach
from youhui.platform.jobs import TURN, Jobs
from youhui.platform.principals import SYSTEM

GIVE = "issue_gifts"
EXPIRE = "expire_coupons"
MOST_GIFTS = 200
"""orders whose gifts are given in one transaction"""
MOST_ENDED = 1_000
"""coupons that are ended in one transaction"""
ORDER_REFUNDED = "order_refunded"
TEMPLATE_VOID = "template_void"
"""reasons of steps"""

Clock = Callable[[], datetime]
FactsOf = Callable[[str], Facts]


def register(
    jobs: Jobs, interval: int, database: Database, gifts_due: Callable[[], object], clock: Clock | None
) -> None:
    """Gives what is due each minute, and looks for what is over about every `interval` seconds."""
    jobs.register(GIVE, "* * * * *", gifts_due)
    jobs.register(EXPIRE, cron_of(interval), partial(expire_coupons, database, clock))


def cron_of(seconds: int) -> str:
    """A cron expression that comes at least so often, but not more than once a minute."""
    minutes = max(1, seconds // 60)
    if minutes < 60:
        return f"*/{_part_of(60, minutes)} * * * *"
    return f"0 */{_part_of(24, minutes // 60)} * * *"


def _part_of(whole: int, most: int) -> int:
    return max(part for part in range(1, whole + 1) if whole % part == 0 and part <= most)


# -- gifts after payment


def issue_gifts(database: Database, facts_of: FactsOf, clock: Clock | None = None) -> int:
    """Gives what paid orders are given, and takes back what was given for orders that were given back. How many orders.

    Any number may do so at once: each order is settled in the transaction of its effects. Raises Unavailable.
    """
    settled = 0
    while due := _due(database):
        commands = _commands(database, due, facts_of)
        with database.writing() as connection:
            done = _settle(connection, due, commands, clock)
            reach("gifts.commit")
        settled += done
        if not done or len(due) < MOST_GIFTS:
            break
        sleep(TURN)
    return settled


def _due(database: Database) -> list[Gift]:
    with database.reading() as connection:
        return store.due_gifts(connection, MOST_GIFTS)


def _commands(database: Database, due: Iterable[Gift], facts_of: FactsOf) -> dict[str, list[Issue]]:
    """What is issued for each paid order, by its number."""
    with database.reading() as connection:
        giving = templates.some(connection, store.published(connection, "payment")).values()
    return {
        gift.order_no: [_command(gift, one, facts_of) for one in giving if _is_given(gift, one)]
        for gift in due
        if not gift.refunded
    }


def _is_given(gift: Gift, template: Template) -> bool:
    enough = template.payment_from is not None and gift.paid >= template.payment_from
    return enough and gift.currency == template.currency and template.state(gift.paid_at) == "claiming"


def _command(gift: Gift, template: Template, facts_of: FactsOf) -> Issue:
    return Issue(
        template_id=template.id,
        customer=gift.customer,
        way="payment",
        issue_key=issue_key("payment", template.id, gift.order_no),
        by=SYSTEM.name,
        source_id=gift.order_no,
        caused_at=gift.paid_at,
        facts=facts_of(gift.customer) if asks_for_facts(template) else None,
    )


def _settle(
    connection: Connection, due: Iterable[Gift], commands: Mapping[str, Sequence[Issue]], clock: Clock | None
) -> int:
    """Coupons are locked before the orders that they were given for, as they are where orders are refunded.

    An order that was refunded meanwhile has its turn later.
    """
    given = {gift.order_no: store.given_for(connection, gift) for gift in due if gift.refunded}
    gifts = store.lock_gifts(connection, commands.keys() | given.keys())
    gifts = [gift for gift in gifts if gift.order_no in (given if gift.refunded else commands)]
    now = clock() if clock else database_now(connection)
    for gift in gifts:
        if gift.refunded:
            _void(connection, given[gift.order_no], now, ORDER_REFUNDED, gift.order_no)
    wanted = [one for gift in gifts if not gift.refunded for one in commands[gift.order_no]]
    decide_all(connection, wanted, lambda: now)  # what is refused is not given
    reach("gifts.issued")
    store.settle(connection, [gift.order_no for gift in gifts], now)
    return len(gifts)


def _void(
    connection: Connection, ids: Sequence[int], now: datetime, reason: str, order_no: str | None = None
) -> None:
    store.end(connection, ids, "void", now)
    store.add_void_steps(connection, ids, now, SYSTEM.name, reason, order_no)


# -- what is over


def expire_coupons(database: Database, clock: Clock | None = None) -> int:
    """Writes down which unused coupons are void with their templates, and which have expired. How many.

    Raises Unavailable.
    """
    ended = 0
    while True:
        with database.writing() as connection:
            done = _end(connection, clock() if clock else database_now(connection))
            reach("expire.commit")
        ended += done
        if done < MOST_ENDED:
            return ended
        sleep(TURN)


def _end(connection: Connection, now: datetime) -> int:
    """The void ones first, as `Coupon.status_at` tells them."""
    void = store.lock_void(connection, templates.voided(connection), MOST_ENDED)
    _void(connection, void, now, TEMPLATE_VOID)
    expired = [] if len(void) == MOST_ENDED else store.lock_expired(connection, now, MOST_ENDED - len(void))
    store.end(connection, expired, "expired", now)
    return len(void) + len(expired)
