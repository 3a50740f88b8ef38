"""The service, and how its parts are put together."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from youhui.accounts.lookup import Identities
from youhui.accounts.service import History, Keys, Operators
from youhui.accounts.sessions import Sessions
from youhui.bootstrap.coupons import Base, Carts, Clock, CouponParts
from youhui.bootstrap.kinds import kinds
from youhui.checkout.abuse.guards import Guards, guards, rates
from youhui.checkout.abuse.wrong_codes import FORGET as FORGET_CODES
from youhui.checkout.completing import Completing
from youhui.checkout.following import Following
from youhui.checkout.monitoring import batches, watch
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.counts import Counts, PlacedOrders
from youhui.checkout.orders.jobs import (
    EXPIRE,
    FORGET,
    SHORTEST_MEMORY,
    end_all_expired,
    forget_request_keys,
)
from youhui.checkout.orders.model import Key, Numbers
from youhui.checkout.orders.pricing import Pricing
from youhui.checkout.orders.service import Orders, versions_of
from youhui.checkout.quoting import Quoting
from youhui.checkout.requests import Requests
from youhui.checkout.store import Source, database_now
from youhui.coupons.codes.redeeming import Redeeming
from youhui.coupons.lookup import Holds
from youhui.coupons.model import TEMPLATE_PREFIX
from youhui.coupons.templates.service import Templates
from youhui.directory.lookup import Lookup
from youhui.directory.service import Entries
from youhui.discounts.jobs import ARCHIVE, archive
from youhui.discounts.lookup import Lookup as DiscountLookup
from youhui.discounts.service import Discounts
from youhui.engine import Registry
from youhui.platform import migrate
from youhui.platform.channel import Channel, PostgreSQLChannel
from youhui.platform.clock import DatabaseClock
from youhui.platform.db import Database
from youhui.platform.jobs import Jobs
from youhui.platform.keyfile import secret_key
from youhui.platform.metrics import Cache, Metrics
from youhui.platform.principals import SYSTEM
from youhui.platform.ratelimit import RateLimits, Shared, parse_limit
from youhui.platform.readers import Readers
from youhui.platform.readiness import Readiness
from youhui.platform.settings import Settings
from youhui.platform.tasks import Tasks
from youhui.platform.tokens import Issuer, Tokens
from youhui.promotions.eligibility import PromotionEngine
from youhui.promotions.lookup import StoredRules
from youhui.promotions.service import Promotions

TURN = 0.0005
"""seconds after which a thread that works lets another go on. Each answer of the database reaches the committer when
the event loop does so, several times a batch; Python's own 5 ms is longer than the answers take
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that a process runs on."""

    settings: Settings
    clock: Clock
    registry: Registry
    database: Database
    metrics: Metrics
    readiness: Readiness
    jobs: Jobs
    tasks: Tasks
    following: Following
    identities: Identities
    operators: Operators
    sessions: Sessions
    keys: Keys
    history: History
    limits: RateLimits
    guards: Guards
    quoting: Quoting
    requests: Requests
    completing: Completing
    pricing: Pricing
    committer: Committer
    orders: Orders
    readers: Readers
    discount_lookup: DiscountLookup
    promotions: Promotions
    promotion_engine: PromotionEngine
    directory: Entries
    shop: Lookup
    discounts: Discounts
    coupons: CouponParts
    redeeming: Redeeming

    def start(self) -> None:
        """Brings the database up to date, loads the rules and follows them. Raises Unavailable."""
        migrate.upgrade(self.database)
        self.quoting.refresh()
        sys.setswitchinterval(TURN)
        gc.freeze()  # compiled rules live long: a collection need not walk through all of them again and again
        self.following.start()
        self.limits.start()
        self.identities.start()
        self.committer.start()
        self.coupons.issuing.start()
        self.jobs.start()
        self.tasks.start()
        self.guards.watch.start()

    def stop(self) -> None:
        """Ends what was accepted, and lets go of threads and connections."""
        self.guards.watch.stop()
        self.tasks.stop()
        self.jobs.stop()
        self.committer.stop()
        self.coupons.issuing.stop()
        self.identities.stop()
        self.limits.stop()
        self.following.stop()
        self.readers.stop()
        self.database.close()


def service(settings: Settings, clock: Clock | None = None) -> Service:
    """The service as these settings say; without a `clock` by the database's, in UTC."""
    registry = kinds()
    database = Database(settings.database_url)
    database_clock = DatabaseClock(database_now)
    tell = clock or database_clock
    quoting = Quoting(StoredRules(database, registry))
    channel, shared = _between_nodes(settings, database)
    following = Following(database, channel, every_look=quoting.compact, beside=database_clock.compare)
    following.listen(Source.PROMOTIONS, quoting.refresh)
    shop = Lookup(
        database,
        partial(following.version, Source.DIRECTORY),
        settings.discount_cache.customer_seconds,
        settings.discount_cache.product_seconds,
    )
    following.listen(Source.DIRECTORY, shop.refresh)
    metrics = Metrics()
    readers = Readers()
    counts = Counts(database, readers, tell)
    base = Base(
        settings=settings, registry=registry, database=database, following=following, shop=shop,
        readers=readers, tell=tell, given=clock,
    )  # fmt: skip
    carts = Carts(base)
    committer = Committer(
        database,
        clock=clock,
        published=partial(_published, counts, carts.holds),
        observed=batches(metrics),
        holds=carts.holds,
    )
    watch(metrics, following, quoting, committer)
    discount_lookup = DiscountLookup(
        database,
        shop,
        tell,
        partial(following.version, Source.DISCOUNTS),
        settings.discount_cache.result_seconds,
        metrics.cache("discounts"),
    )
    placed = PlacedOrders(database, tell, lambda currency: bool(quoting.priced(currency).read_orders_count))
    completing = Completing(shop, discount_lookup, placed)
    pricing = Pricing(
        quoting,
        completing,
        counts,
        readers,
        tell,
        partial(versions_of, following),
        metrics.calculation.observe,
        metrics.cache("counters"),
        carts.lookup,
    )
    tokens = Tokens(partial(secret_key, settings), tell)
    identities = _identities(settings, database, tell, tokens, metrics.cache("identities"))
    discounts = Discounts(database, shop, tell, following.notice)
    jobs = Jobs(database, tell)
    tasks = Tasks(database, tell)
    _register(jobs, settings, database, clock, discounts, carts.holds)
    limits = RateLimits(
        {**{name: rate and parse_limit(rate) for name, rate in settings.limits}, **rates(settings.abuse)},
        shared,
    )
    orders = Orders(database, committer, pricing, quoting, following, placed, carts.lookup, readers, tell)
    coupons = CouponParts(base, carts, tasks, jobs, orders, pricing)
    promotions = Promotions(database, registry, tell, following.notice, carts.holds)
    pause = partial(_pause, promotions, coupons.templates)
    guarding = guards(settings.abuse, database, tell, limits, following, metrics, pause)
    jobs.register(FORGET_CODES, "23 * * * *", guarding.wrong_codes.forget)
    operators = Operators(database, tell, identities.forget)
    access = timedelta(minutes=settings.access_token_minutes)
    idle = timedelta(days=settings.refresh_token_days)
    return Service(
        settings=settings,
        clock=tell,
        registry=registry,
        database=database,
        metrics=metrics,
        readiness=Readiness(database, lambda: following.last_looked_at, settings.redis_url),
        jobs=jobs,
        tasks=tasks,
        following=following,
        identities=identities,
        operators=operators,
        sessions=Sessions(database, tell, tokens, operators, identities.forget, access=access, idle=idle),
        keys=Keys(database, tell, tokens, access, identities.forget),
        history=History(database),
        limits=limits,
        guards=guarding,
        quoting=quoting,
        requests=Requests(settings.strategy),
        completing=completing,
        pricing=pricing,
        committer=committer,
        orders=orders,
        readers=readers,
        discount_lookup=discount_lookup,
        promotions=promotions,
        promotion_engine=PromotionEngine(database, registry, quoting, shop, placed, tell),
        directory=Entries(database, tell, following.notice, shop.tree, settings.currency),
        shop=shop,
        discounts=discounts,
        coupons=coupons,
        redeeming=coupons.redeeming(guarding.abuse),
    )


def _published(counts: Counts, holds: Holds, numbers: Mapping[Key, Numbers]) -> None:
    """After each commit of orders."""
    counts.publish(numbers)
    holds.committed()


def _pause(promotions: Promotions, templates: Templates, campaign: str, _reason: str) -> bool:
    """What a breaker does; whether the campaign was running until then.

    Raises PromotionNotFound, PromotionState, CouponTemplateNotFound, TemplateInState, Unavailable.
    """
    template = campaign.removeprefix(TEMPLATE_PREFIX)
    if template != campaign and template.isdigit():
        running = templates.get(int(template)).status == "published"
        templates.move(int(template), "pause", SYSTEM)
    else:
        running = promotions.stop(campaign, SYSTEM)
    return running


def _register(
    jobs: Jobs,
    settings: Settings,
    database: Database,
    clock: Clock | None,
    discounts: Discounts,
    holds: Holds,
) -> None:
    old = timedelta(days=settings.archive_discounts_after_days)
    jobs.register(ARCHIVE, settings.archive_cron, partial(archive, discounts, old))
    jobs.register(EXPIRE, "* * * * *", partial(end_all_expired, database, clock, holds))
    kept = max(SHORTEST_MEMORY, timedelta(seconds=settings.longest_hold_seconds)) + timedelta(days=1)
    jobs.register(FORGET, "17 * * * *", partial(forget_request_keys, database, kept, clock))


def _identities(
    settings: Settings, database: Database, clock: Clock, tokens: Tokens, cache: Cache
) -> Identities:
    shop = settings.jwt
    if shop is None:
        return Identities(database, clock, tokens, cache=cache)
    return Identities(database, clock, tokens, Issuer(shop, clock), shop.customer_claim, cache)


def _between_nodes(settings: Settings, database: Database) -> tuple[Channel | None, Shared | None]:
    """What nodes wake each other by, and where they add up what they let through, if there is something for it."""
    if settings.redis_url is not None:
        from youhui.platform import valkey  # needs the extra `redis`, which nobody else does

        client = valkey.connect(settings.redis_url.get_secret_value())
        return valkey.ValkeyChannel(client), valkey.SharedCounts(client)
    if database.engine.dialect.name == "postgresql":
        return PostgreSQLChannel(database), None
    return None, None
