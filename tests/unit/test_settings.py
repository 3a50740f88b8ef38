"""Settings: where they come from, which are refused and in which words, and what is never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.running import youhui
from youhui.platform.configured import WrongSettings, origins
from youhui.platform.languages import LANGUAGES
from youhui.platform.setting_forms import leaves, without_password
from youhui.platform.settings import Settings

SECRET = "a-secret-of-more-than-32-characters!"


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("YOUHUI_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def file(text: str, name: str = "youhui.yaml") -> None:
    Path(name).write_text(text, "utf-8")


def told(**given: object) -> str:
    """What is said in English of settings that are wrong; in Chinese as much is said."""
    with pytest.raises(WrongSettings) as refused:
        Settings(**given)
    en, zh = (refused.value.told(language) for language in ("en", "zh-CN"))
    assert len(en) == len(zh)
    return "\n".join(en)


def test_the_names_and_values_of_the_seed_documents() -> None:
    settings = Settings()
    assert settings.marketing_service.model_dump(exclude={"code_link"}) == {
        "coupon_check_interval": 300,
        "promotion_cache_ttl": 1800,
        "max_group_size": 10,
    }
    assert settings.discount_cache.model_dump() == {
        "result_seconds": 60,
        "customer_seconds": 300,
        "product_seconds": 1800,
    }
    assert settings.limits.model_dump() == {
        "anonymous": "20/minute",
        "shopper": "100/minute",
        "operator": "100/minute",
        "log_in": "5/minute",
        "storefront": None,
    }


def test_arguments_go_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file("currency: EUR\nstrategy: best_for_customer\nlimits: {shopper: 7/second, anonymous: 1/hour}\n")
    monkeypatch.setenv("YOUHUI_STRATEGY", "priority")
    monkeypatch.setenv("YOUHUI_LIMITS__SHOPPER", "8/second")
    given = {"database_url": "sqlite:///x.db"}
    settings = Settings(**given)
    assert (settings.currency, settings.strategy, settings.database_url) == (
        "EUR",
        "priority",
        "sqlite:///x.db",
    )
    assert (settings.limits.shopper, settings.limits.anonymous, settings.limits.log_in) == (
        "8/second",
        "1/hour",
        "5/minute",
    )
    from_where = origins(Settings, given)
    assert {path: from_where[path] for path in ("database_url", "strategy", "limits.shopper")} == {
        "database_url": "command line",
        "strategy": "environment",
        "limits.shopper": "environment",
    }
    assert (from_where["currency"], from_where["limits.log_in"]) == ("youhui.yaml", "default")


def test_another_file_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    file("currency: EUR")
    file("currency: USD", "other.yaml")
    monkeypatch.setenv("YOUHUI_CONFIG", "other.yaml")
    assert Settings().currency == "USD"
    monkeypatch.setenv("YOUHUI_CONFIG", "missing.yaml")
    assert told() == "YOUHUI_CONFIG names the file missing.yaml, which is not there"


def test_an_empty_variable_is_none_and_null_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose files write variables that nobody has set."""
    monkeypatch.setenv("YOUHUI_CURRENCY", "")
    monkeypatch.setenv("YOUHUI_LIMITS__SHOPPER", "null")
    settings = Settings()
    assert (settings.currency, settings.limits.shopper) == ("CNY", None)


@pytest.mark.parametrize(
    ("written", "networks"),
    [
        ("trusted_proxies: 127.0.0.1, 203.0.113.0/24", ["127.0.0.1/32", "203.0.113.0/24"]),
        ("trusted_proxies: [2001:db8::/32]", ["2001:db8::/32"]),
        ("trusted_proxies: []", []),
    ],
)
def test_proxies_are_networks(written: str, networks: list[str]) -> None:
    file(written)
    assert [str(network) for network in Settings().trusted_proxies] == networks


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("currency: yuan", "currency (youhui.yaml) cannot be “yuan”; it takes three capital letters such as CNY"),
        ("strategy: best", "cannot be “best”; it takes one of priority, best_for_customer"),
        ("access_log: maybe", "cannot be “maybe”; it takes true or false"),
        ("access_token_minutes: 60", "cannot be “60”; it takes a whole number from 1 to 15"),
        ("limits: {shopper: 5 per hour}", "setting limits.shopper (youhui.yaml) cannot be “5 per hour”"),
        ("limits: {shopper: 0/minute}", "a count per second, minute, hour or day: 20/minute, or null"),
        ("limits:", "limits is not valid; it takes a section of settings"),
        ("archive_cron: every night", "a cron expression, in UTC: 30 3 * * *"),
        ("trusted_proxies: 203.0.113.7/24", "“203.0.113.7/24”; it takes addresses or CIDR networks"),
        ("database_url: 'sqlite://'", "it takes sqlite:///FILE"),
        ("database_url: oracle://h/x", "it takes sqlite:///FILE"),
        ("database_url: postgresql://h:port/x", "it takes sqlite:///FILE"),
        ("redis_url: localhost", "it takes redis://:PASSWORD@HOST:PORT/NUMBER"),
        ("limits: {shoppers: 5/hour}", "there is no setting limits.shoppers; is limits.shopper meant?"),
        ("nonsense: 1", "there is no setting nonsense"),
        ("jwt: {issuer: a}", "the setting jwt.audience is missing: a text"),
        ("jwt: {issuer: a, audience: b}", "either jwks_url (algorithm RS256 or ES256) or secret (algorithm HS256)"),
        (f"jwt: {{issuer: a, audience: b, secret: '{SECRET}'}}", "the setting jwt is not valid"),
        ("- currency", "the settings file youhui.yaml is not YAML of the form “name: value”"),
        ("a: [", "the settings file youhui.yaml is not YAML of the form “name: value”"),
    ],
)  # fmt: skip
def test_a_wrong_one_in_the_file(written: str, said: str) -> None:
    file(written)
    assert said in told()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("YOUHUI_CURENCY", "EUR", "there is no setting YOUHUI_CURENCY; is YOUHUI_CURRENCY meant?"),
        ("YOUHUI_LIMITS__SHOPER", "5/hour", "is YOUHUI_LIMITS__SHOPPER meant?"),
        ("YOUHUI_LIMITS__SHOPPER", "5", "the setting YOUHUI_LIMITS__SHOPPER cannot be “5”"),
        ("YOUHUI_LIMITS", "5/hour", "in the environment one by one: YOUHUI_SECTION__NAME"),
        ("YOUHUI_REFRESH_TOKEN_DAYS", "week", "the setting YOUHUI_REFRESH_TOKEN_DAYS cannot be “week”"),
    ],
)
def test_a_wrong_one_in_the_environment(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert said in told()


def test_all_wrong_ones_are_named_at_once() -> None:
    file("currency: yuan\nstrategy: best\nnonsense: 1")
    assert len(told().splitlines()) == 3


@pytest.mark.parametrize(
    "written",
    [
        "secret_key: short-geheim",
        "jwt: {issuer: a, audience: b, algorithm: HS256, secret: geheim}",
        "redis_url: http://:geheim@h/0",
        "database_url: mysql://root:geheim@h/x",
        "database_url: root:geheim@h/x",
        "database_url: postgresql://h:port/x?password=geheim",
    ],
)
def test_a_wrong_secret_is_not_repeated(written: str) -> None:
    file(written)
    with pytest.raises(WrongSettings) as refused:
        Settings()
    for language in LANGUAGES:
        assert "geheim" not in "".join(refused.value.told(language))
    assert "geheim" not in str(refused.value)


def test_secrets_are_not_in_what_is_logged_or_printed() -> None:
    file(
        f"secret_key: {SECRET}\nredis_url: redis://:{SECRET}@h/0\n"
        f"jwt: {{issuer: a, audience: b, algorithm: HS256, secret: {SECRET}}}\n"
    )
    settings = Settings(database_url=f"postgresql+psycopg://u:{SECRET}@h/x?sslpassword={SECRET}")
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == f"redis://:{SECRET}@h/0"
    assert str(settings.redis_url) == "redis://:***@h/0"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///var/youhui.db", "sqlite:///var/youhui.db"),
        ("mysql+pymysql://root@h/x", "mysql+pymysql://root@h/x"),
        ("postgresql+psycopg://u:p:a/b@h:5432/x", "postgresql+psycopg://u:***@h:5432/x"),
        ("postgresql://h/x?user=u&password=p&sslmode=require", "postgresql://h/x?user=u&password=***&sslmode=require"),
        ("redis://:p@h/0", "redis://:***@h/0"),
        ("u:p@h", "u:***@h"),
    ],
)  # fmt: skip
def test_a_url_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


# The commands


def test_the_settings_in_force_are_yaml_that_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "named.yaml"
    url = f"sqlite:///{tmp_path}/x.db"
    first = youhui("config", "--database", url, YOUHUI_LIMITS__SHOPPER="8/second")
    path.write_text(first.out, "utf-8")
    again = youhui("config", YOUHUI_CONFIG=str(path))
    assert [line.partition("  #")[0] for line in first.out.splitlines()] == [
        line.partition("  #")[0] for line in again.out.splitlines()
    ]
    assert f'database_url: "{url}"  # command line' in first.out
    assert '  shopper: "8/second"  # environment' in first.out
    assert '  shopper: "8/second"  # ' + str(path) in again.out
    assert len(first.out.splitlines()) >= len(list(leaves(Settings))) - 6, "one line each, but for jwt's"


def test_the_settings_in_force_are_printed_without_secrets() -> None:
    ran = youhui(
        "config",
        YOUHUI_SECRET_KEY=SECRET,
        YOUHUI_DATABASE_URL=f"mysql+pymysql://root:{SECRET}@h/x",
        YOUHUI_REDIS_URL=f"redis://:{SECRET}@h/0",
        YOUHUI_JWT__ISSUER="shop",
        YOUHUI_JWT__AUDIENCE="youhui",
        YOUHUI_JWT__ALGORITHM="HS256",
        YOUHUI_JWT__SECRET=SECRET,
    )
    assert ran.code == 0
    assert SECRET not in ran.out
    assert 'database_url: "mysql+pymysql://root:***@h/x"  # environment' in ran.out
    assert 'secret_key: "**********"  # environment' in ran.out


@pytest.mark.parametrize("command", [["config"], ["serve"], ["db", "check"], ["jobs", "list"]])
def test_a_wrong_one_stops_the_start_in_one_sentence(command: list[str]) -> None:
    ran = youhui(*command, YOUHUI_CURRENCY="yuan")
    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err == "youhui: 设置 YOUHUI_CURRENCY 的值“yuan”不可用，应为：三个大写字母的货币代码，例如 CNY\n"
    )
    assert youhui(*command, YOUHUI_CURRENCY="yuan", LANG="en_US.UTF-8").err == (
        "youhui: the setting YOUHUI_CURRENCY cannot be “yuan”; it takes three capital letters such as CNY\n"
    )
