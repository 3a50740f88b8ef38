"""Side by side with django-oscar's Applicator: equivalent offers on one basket of 10 lines.

Every offer is "at least one of 20 products: 10 % off these products"; three of them hold products of the basket. Both
engines apply the same three offers. Oscar reads its offers from SQLite in memory at each apply, as it does in a shop;
fetching the basket is not counted, nor is building our cart.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bench.pairs import interval
from bench.results import Row
from youhui.engine import Cart, Line, Options, Ruleset, decode_promotions

LINES = 10
PAIRS = 15
RANGE = 20
HITS = 3
_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
_PARTS = (
    "analytics:Analytics checkout:Checkout address:Address shipping:Shipping catalogue:Catalogue "
    "catalogue.reviews:CatalogueReviews communication:Communication partner:Partner basket:Basket payment:Payment "
    "offer:Offer order:Order customer:Customer search:Search voucher:Voucher wishlists:Wishlists "
    "dashboard:Dashboard dashboard.reports:ReportsDashboard dashboard.users:UsersDashboard "
    "dashboard.orders:OrdersDashboard dashboard.catalogue:CatalogueDashboard dashboard.offers:OffersDashboard "
    "dashboard.partners:PartnersDashboard dashboard.pages:PagesDashboard dashboard.ranges:RangesDashboard "
    "dashboard.reviews:ReviewsDashboard dashboard.vouchers:VouchersDashboard "
    "dashboard.communications:CommunicationsDashboard dashboard.shipping:ShippingDashboard"
)


def rows() -> Iterator[Row]:
    """One row for each number of offers; django-oscar is installed by `python3 dev.py bench` only."""
    try:
        shop = _Oscar()
    except ImportError:
        yield Row("django-oscar", "not installed: python3 dev.py bench installs it")
        return
    for count in (10, 100, 1000):
        shop.make_offers(count)
        ruleset, cart = shop.ruleset(count), shop.cart()
        theirs, ours = [], []
        for _ in range(PAIRS):
            basket = shop.basket()
            start = time.perf_counter()
            shop.applicator().apply(basket)
            middle = time.perf_counter()
            quote = ruleset.price(cart, at=_AT, options=Options(explain="applied"))
            ours.append(time.perf_counter() - middle)
            theirs.append(middle - start)
        assert Decimal(quote.total_discount) / 100 == basket.total_discount
        median, low, high = interval([t / o for t, o in zip(theirs, ours, strict=True)])
        detail = (
            f"oscar {statistics.median(theirs) * 1e3:,.1f} ms, youhui {statistics.median(ours) * 1e3:,.3f} ms"
        )
        yield Row(
            f"django-oscar / youhui, {count:,} offers, {LINES} lines",
            f"{median:,.0f} × [{low:,.0f}, {high:,.0f}]",
            detail=detail,
        )


class _Oscar:
    """A django-oscar shop in memory, its offers, and the same offers for our engine."""

    def __init__(self) -> None:
        _configure()
        from oscar.core.loading import get_class, get_model
        from oscar.test import factories

        self.applicator = get_class("offer.applicator", "Applicator")
        self._strategy = get_class("partner.strategy", "Selector")
        names = ("ConditionalOffer", "Condition", "Benefit", "Range", "RangeProduct")
        self._models = {name: get_model("offer", name) for name in names}
        self._basket = get_model("basket", "Basket")
        kind = factories.ProductClassFactory()
        self._products = [
            factories.create_product(price=10 + i % 7, num_in_stock=10_000, product_class=kind.name)
            for i in range(120)
        ]
        basket = self._basket.objects.create()
        basket.strategy = self._strategy().strategy()
        for product in self._products[:LINES]:
            basket.add_product(product, 2)
        self._basket_id = basket.id

    def basket(self) -> Any:
        """The basket as a request has it: fetched, with its lines and their products."""
        basket = self._basket.objects.get(id=self._basket_id)
        basket.strategy = self._strategy().strategy()
        for line in basket.all_lines():
            assert line.product
            assert line.purchase_info
        return basket

    def cart(self) -> Cart:
        """The same basket for our engine."""
        return Cart(
            "GBP", tuple(Line(f"l{i}", f"s{i}", (10 + i % 7) * 100, 2, product=str(i)) for i in range(LINES))
        )

    def make_offers(self, count: int) -> None:
        """Puts these offers, and no others, into the shop."""
        m = self._models
        for model in ("ConditionalOffer", "Condition", "Benefit", "Range"):
            m[model].objects.all().delete()
        for n in range(count):
            range_ = m["Range"].objects.create(name=f"r{n}", slug=f"r{n}")
            m["RangeProduct"].objects.bulk_create(
                [m["RangeProduct"](range=range_, product=self._products[i]) for i in _products_of(n)]
            )
            condition = m["Condition"].objects.create(range=range_, type="Count", value=1)
            benefit = m["Benefit"].objects.create(range=range_, type="Percentage", value=10)
            m["ConditionalOffer"].objects.create(
                name=f"o{n}", slug=f"o{n}", condition=condition, benefit=benefit, offer_type="Site", status="Open",
                priority=n, exclusive=False, max_basket_applications=1,
            )  # fmt: skip

    def ruleset(self, count: int) -> Ruleset:
        """The same offers for our engine."""
        documents = []
        for n in range(count):
            selector = {"products": [str(i) for i in _products_of(n)]}
            action = {"kind": "percent_off", "percent": "10", "target": "lines", "selector": selector}
            condition = {"kind": "contains", "selector": selector}
            documents.append(
                {"id": f"o{n}", "conditions": [condition], "actions": [action], "rounding": "down"}
            )
        return Ruleset(decode_promotions(documents, "GBP")[0])


def _products_of(offer: int) -> list[int]:
    """20 products: the first three offers share the basket's among them, the others hold none of it."""
    outside = [50 + (offer * 7 + k) % 70 for k in range(RANGE)]
    return [i for i in range(LINES) if i % HITS == offer] + outside[:16] if offer < HITS else outside


def _configure() -> None:
    import django
    from django.conf import settings
    from django.db import connection
    from oscar import defaults

    settings.configure(
        SECRET_KEY="benchmark", USE_TZ=True, DEBUG=False, SITE_ID=1, ROOT_URLCONF="oscar.urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", MEDIA_ROOT=tempfile.gettempdir(), STATIC_URL="/s/",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        INSTALLED_APPS=[
            *(f"django.contrib.{app}" for app in "auth contenttypes sessions sites messages flatpages admin".split()),
            "oscar.config.Shop",
            *("oscar.apps.{}.apps.{}Config".format(*part.split(":")) for part in _PARTS.split()),
            "widget_tweaks", "haystack", "treebeard", "django_tables2",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        **{name: getattr(defaults, name) for name in dir(defaults) if name.startswith("OSCAR")},
    )  # fmt: skip
    django.setup()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
