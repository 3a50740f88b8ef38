"""What a deployment decides: in the environment (YOUHUI_LIMITS__ANONYMOUS), else in youhui.yaml, else as it is here."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from youhui.platform.abuse_settings import Abuse
from youhui.platform.configured import PREFIX, SEPARATOR, file_source, refuse_unknown, wrong
from youhui.platform.setting_forms import Form, Rate, SecretUrl, Section


def _database_url(url: str) -> str:
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError("not a URL") from error
    if found.drivername == "sqlite" and found.database in (None, "", ":memory:"):
        raise ValueError("a SQLite database needs a file")
    return url


def _cron(expression: str) -> str:
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(str(error)) from error
    return expression


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such zone") from error
    return name


def _split(networks: object) -> object:
    return [part.strip() for part in networks.split(",")] if isinstance(networks, str) else networks


DatabaseUrl: TypeAlias = Annotated[
    str,
    Field(pattern=r"^(sqlite|postgresql(\+psycopg)?|(mysql|mariadb)\+pymysql)://"),
    AfterValidator(_database_url),
    Form(
        "sqlite:///文件、postgresql+psycopg://用户:密码@主机/库名 或 mysql+pymysql://用户:密码@主机/库名",
        "sqlite:///FILE, postgresql+psycopg://USER:PASSWORD@HOST/NAME or mysql+pymysql://USER:PASSWORD@HOST/NAME",
    ),
]
RedisUrl: TypeAlias = Annotated[
    SecretUrl,
    AfterValidator(lambda url: _begins(url, "redis://", "rediss://", "unix://")),
    Form(
        "redis://:密码@主机:端口/编号（TLS 用 rediss://）",
        "redis://:PASSWORD@HOST:PORT/NUMBER (rediss:// for TLS)",
    ),
]
CodeLink: TypeAlias = Annotated[
    str,
    Field(pattern=r"^https?://\S*\{code\}\S*$", max_length=500),
    Form(
        "含 {code} 的网址，例如 https://shop.example/coupons?code={code}",
        "an address with {code} in it: https://shop.example/coupons?code={code}",
    ),
]
Cron: TypeAlias = Annotated[
    str,
    AfterValidator(_cron),
    Form("cron 表达式（UTC），例如 30 3 * * *", "a cron expression, in UTC: 30 3 * * *"),
]
TimeZone: TypeAlias = Annotated[
    str,
    AfterValidator(_zone),
    Form("IANA 时区名，例如 Asia/Shanghai", "the IANA name of a time zone such as Asia/Shanghai"),
]
Networks: TypeAlias = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    NoDecode,
    BeforeValidator(_split),
    Form(
        "IP 或 CIDR 网段，逗号分隔，例如 203.0.113.0/24",
        "addresses or CIDR networks, with commas between: 203.0.113.0/24",
    ),
]
Seconds: TypeAlias = Annotated[int, Field(ge=0, le=86_400)]
MOST_HELD = 2_592_000
"""seconds that an order may hold what it takes, whatever a deployment says: 30 days"""


def _begins(url: SecretUrl, *schemes: str) -> SecretUrl:
    if not url.get_secret_value().startswith(schemes):
        raise ValueError("another scheme")
    _ = urlsplit(url.get_secret_value()).port  # raises ValueError for what is no number
    return url


class MarketingService(Section):
    """The names of the first seed document: for coupons, and for group-buying, which is still to come."""

    coupon_check_interval: Seconds = 300
    """seconds between two looks for coupons that have expired"""
    promotion_cache_ttl: Seconds = 1800
    """seconds that what is known of promotions is held at most"""
    max_group_size: int = Field(10, ge=2, le=1000)
    """members of a group-buy at most"""
    code_link: CodeLink | None = None
    """what the QR code of a redemption code says; null is the code alone"""


class DiscountCache(Section):
    """How long what discounts are looked up by is held at most; a change is seen at once all the same."""

    result_seconds: Seconds = 60
    """what a customer gets for a product"""
    customer_seconds: Seconds = 300
    """a customer, with groups and attributes"""
    product_seconds: Seconds = 1800
    """a product, with categories and attributes"""


class Limits(Section):
    """Requests of one caller; null is without a limit."""

    anonymous: Rate | None = "20/minute"
    """without credentials, by address"""
    shopper: Rate | None = "100/minute"
    """by customer"""
    operator: Rate | None = "100/minute"
    """of the console, whatever the role, by operator"""
    log_in: Rate | None = "5/minute"
    """log-ins and refreshes of tokens, by address, beside the limit of the caller"""
    storefront: Rate | None = None
    """by API key"""


class Jwt(Section):
    """Tokens of shoppers that the shop's own issuer makes: verified by its published keys, or by a shared secret."""

    issuer: str = Field(min_length=1)
    """`iss` of its tokens"""
    audience: str = Field(min_length=1)
    """`aud` of its tokens"""
    jwks_url: Annotated[
        str | None,
        Field(pattern="^https?://"),
        Form("https://… 的地址，或 null", "an https:// address, or null"),
    ] = None
    """where its public keys are"""
    secret: SecretStr | None = Field(None, min_length=32)
    """shared with it, instead of keys"""
    algorithm: Literal["RS256", "ES256", "HS256"] = "RS256"
    """HS256 with a secret, one of the others with keys; tokens of any other are refused"""
    customer_claim: str = Field("sub", min_length=1)
    """which claim is the customer's id"""

    @model_validator(mode="after")
    def _one_way(self) -> Jwt:
        by_secret = self.secret is not None
        if by_secret == (self.jwks_url is not None) or by_secret != (self.algorithm == "HS256"):
            raise ValueError("one way")
        return self


_JWT = (
    "issuer、audience，以及 jwks_url（algorithm 为 RS256 或 ES256）与 secret（algorithm 为 HS256）二者之一",
    "issuer, audience, and either jwks_url (algorithm RS256 or ES256) or secret (algorithm HS256)",
)


class Settings(BaseSettings):
    """All of them. What is passed to it goes before the environment. Raises WrongSettings."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=SEPARATOR,
        env_ignore_empty=True,
        env_parse_none_str="null",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    database_url: DatabaseUrl = Field("sqlite:///var/youhui.db", repr=False)
    """where everything is stored"""
    redis_url: RedisUrl | None = None
    """Redis or Valkey, for nodes to hear of changes at once and to count requests together; nothing is lost with it"""
    currency: Annotated[
        str, Form("三个大写字母的货币代码，例如 CNY", "three capital letters such as CNY")
    ] = Field("CNY", pattern="^[A-Z]{3}$")
    """of a promotion or discount that names none"""
    time_zone: TimeZone = "Asia/Shanghai"
    """the shop's: of the date in the name of an unnamed batch of discounts"""
    strategy: Literal["priority", "best_for_customer"] = "priority"
    """how a cart is priced, unless its request says otherwise"""
    hold_seconds: int = Field(900, ge=1, le=MOST_HELD)
    """for how long an unpaid order holds what it takes, unless it says so itself; never longer than the longest"""
    longest_hold_seconds: int = Field(604_800, ge=1, le=MOST_HELD)
    """what an order may ask for"""
    access_log: bool = True
    """one line a request; for a quote, an order that is placed or paid only where it is refused or fails"""
    metrics_public: bool = False
    """whether /metrics answers without credentials"""
    trusted_proxies: Networks = ()
    """whose X-Forwarded-For is believed"""
    secret_key: SecretStr | None = Field(None, min_length=32)
    """signs tokens, the same on all nodes; without it one is made and kept in `secret_key_file`"""
    secret_key_file: Annotated[Path, Form("文件路径", "a path")] = Path("var/secret.key")
    """where the made key is kept, for its owner only; unless this is set, in the folder of a SQLite database"""
    access_token_minutes: int = Field(15, ge=1, le=15)
    """how long an access token is good for"""
    refresh_token_days: int = Field(7, ge=1, le=90)
    """how long one stays logged in without doing anything"""
    archive_discounts_after_days: int = Field(90, ge=0, le=3650)
    """how long after its end a discount is archived"""
    archive_cron: Cron = "30 3 * * *"
    """when that is looked for"""
    limits: Limits = Limits()
    abuse: Abuse = Abuse()
    discount_cache: DiscountCache = DiscountCache()
    marketing_service: MarketingService = MarketingService()
    jwt: Annotated[Jwt | None, Form(*_JWT)] = None
    """the shop's own issuer"""

    def __init__(self, **given: object) -> None:
        refuse_unknown(type(self))
        try:
            super().__init__(**given)  # type: ignore[arg-type]
        except (SettingsError, ValidationError) as error:
            raise wrong(type(self), error, given) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first that names a setting decides. Raises WrongSettings."""
        return init_settings, env_settings, file_source(settings_cls)
