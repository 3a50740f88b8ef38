"""Puts the service together: the only place that knows every capability and every adapter."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import entry_points

from youhui.accounts.lookup import Identities
from youhui.accounts.service import History, Keys, Operators
from youhui.accounts.sessions import Sessions
from youhui.checkout.abuse.guards import Guards, guards, rates
from youhui.checkout.abuse.wrong_codes import FORGET as FORGET_CODES
from youhui.checkout.completing import Completing
from youhui.checkout.following import Following
from youhui.checkout.monitoring import batches, watch
from youhui.checkout.orders.checking.counters import Terms
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.counts import Counts, PlacedOrders
from youhui.checkout.orders.jobs import (
    EXPIRE,
    FORGET,
    SHORTEST_MEMORY,
    end_all_expired,
    forget_request_keys,
)
from youhui.checkout.orders.pricing import Pricing
from youhui.checkout.orders.service import Orders, versions_of
from youhui.checkout.quoting import Quoting
from youhui.checkout.requests import Requests
from youhui.checkout.store import Source, database_now
from youhui.coupons.checking.rules import prove as prove_coupons
from youhui.coupons.codes import jobs as codes_jobs
from youhui.coupons.codes.redeeming import Redeeming, Shapes
from youhui.coupons.codes.service import Codes
from youhui.coupons.issuing import jobs as coupon_jobs
from youhui.coupons.issuing.pushing import PUSH, Pushing
from youhui.coupons.issuing.service import Issuing
from youhui.coupons.lookup import Coupons, Holds, stored_limits
from youhui.coupons.model import TEMPLATE_PREFIX
from youhui.coupons.templates.forms import Usual
from youhui.coupons.templates.lookup import Lookup as TemplateLookup
from youhui.coupons.templates.service import Templates
from youhui.coupons.using.service import Using
from youhui.coupons.wallet.service import Wallets
from youhui.coupons.wallet.verdicts import Verdicts
from youhui.directory.lookup import Lookup
from youhui.directory.service import Entries
from youhui.discounts.jobs import ARCHIVE, archive
from youhui.discounts.lookup import Lookup as DiscountLookup
from youhui.discounts.service import Discounts
from youhui.engine import BUILT_IN, Promotion, Registry
from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.platform import migrate
from youhui.platform.channel import Channel, PostgreSQLChannel
from youhui.platform.clock import DatabaseClock
from youhui.platform.db import Connection, Database
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

Clock = Callable[[], datetime]

TURN = 0.0005
"""seconds after which a thread that works lets another go on. Each answer of the database reaches the committer when
the event loop does so, several times a batch; Python's own 5 ms is longer than the answers take
"""
KINDS = "youhui.kinds"
"""the group of entry points under which other packages name their conditions and actions, one class each"""


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
    codes: Codes
    redeeming: Redeeming
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
    coupon_templates: TemplateLookup
    templates: Templates
    coupons: Coupons
    using: Using
    wallets: Wallets
    coupon_verdicts: Verdicts
    issuing: Issuing
    pushing: Pushing

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
        self.issuing.start()
        self.jobs.start()
        self.tasks.start()
        self.guards.watch.start()

    def stop(self) -> None:
        """Ends what was accepted, and lets go of threads and connections."""
        self.guards.watch.stop()
        self.tasks.stop()
        self.jobs.stop()
        self.committer.stop()
        self.issuing.stop()
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
    templates = TemplateLookup(database, registry, partial(following.version, Source.COUPONS))
    issuing = Issuing(database, shop, readers, tell, clock)
    coupons, holds = Coupons(database, templates), Holds(issuing.wake)
    following.listen(Source.COUPONS, partial(holds.refresh, database))
    committer = Committer(
        database, clock=clock, published=counts.publish, observed=batches(metrics), holds=holds
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
        coupons,
    )
    tokens = Tokens(partial(secret_key, settings), tell)
    identities = _identities(settings, database, tell, tokens, metrics.cache("identities"))
    discounts = Discounts(database, shop, tell, following.notice)
    jobs = Jobs(database, tell)
    tasks = Tasks(database, tell)
    codes_jobs.register(tasks, tell)
    codes = Codes(database, tell, tasks)
    pushing = Pushing(database, tasks, shop, issuing.facts, tell, clock)
    tasks.register(PUSH, pushing.step)
    _register(jobs, settings, database, clock, discounts, holds)
    interval = settings.marketing_service.coupon_check_interval
    coupon_jobs.register(jobs, interval, database, issuing.gifts_due, clock)
    limits = RateLimits(
        {**{name: rate and parse_limit(rate) for name, rate in settings.limits}, **rates(settings.abuse)},
        shared,
    )
    promotions = Promotions(database, registry, tell, following.notice, holds)
    coupon_templates = Templates(
        database, registry, tell, following.notice, Usual(settings.currency, settings.time_zone), holds
    )
    pause = partial(_pause, promotions, coupon_templates)
    guarding = guards(settings.abuse, database, tell, limits, following, metrics, pause)
    jobs.register(FORGET_CODES, "23 * * * *", guarding.wrong_codes.forget)
    operators = Operators(database, tell, identities.forget)
    access = timedelta(minutes=settings.access_token_minutes)
    idle = timedelta(days=settings.refresh_token_days)
    orders = Orders(database, committer, pricing, quoting, following, placed, coupons, readers, tell)
    return Service(
        settings=settings,
        clock=tell,
        registry=registry,
        database=database,
        metrics=metrics,
        readiness=Readiness(database, lambda: following.last_looked_at, settings.redis_url),
        jobs=jobs,
        tasks=tasks,
        codes=codes,
        redeeming=Redeeming(codes, Shapes(tasks, tell), issuing, readers, guarding.abuse),
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
        coupon_templates=templates,
        templates=coupon_templates,
        coupons=coupons,
        using=Using(coupons, orders, pricing, readers, tell),
        wallets=Wallets(database, tell, issuing.facts, partial(end_all_expired, database, clock, holds)),
        coupon_verdicts=Verdicts(database, coupons, templates, pricing, readers),
        issuing=issuing,
        pushing=pushing,
    )


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


PROOFS = (prove_coupons,)
"""what `youhui check` proves beside orders and limits"""


def stored_terms(database: Database, registry: Registry) -> Terms:
    """Everything stored that has counters, by what the ledger calls it: for `youhui check`."""
    rules = StoredRules(database, registry)

    def terms(connection: Connection) -> Iterator[tuple[str, Promotion | None]]:
        yield from rules.terms(connection)
        yield from stored_limits(connection)

    return terms


def kinds() -> Registry:
    """The built-in kinds and those of installed packages. Raises TypeError for an entry point that is no kind."""
    conditions: list[type[Condition]] = []
    actions: list[type[Action]] = []
    for point in entry_points(group=KINDS):
        cls = point.load()
        if isinstance(cls, type) and issubclass(cls, Condition):
            conditions.append(cls)
        elif isinstance(cls, type) and issubclass(cls, Action):
            actions.append(cls)
        else:
            raise TypeError(f"the entry point {point.name} of {KINDS} is neither a condition nor an action")
    return BUILT_IN.extended(conditions, actions)
