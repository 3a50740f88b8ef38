"""`youhui discounts`: why one counts or does not, and putting away what is long over."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from youhui.cli import opening
from youhui.cli.files import printable, stop, telling
from youhui.cli.opening import Where
from youhui.cli.words import language
from youhui.engine.sentences import Language

if TYPE_CHECKING:
    from youhui.bootstrap import Service
    from youhui.discounts.schemas import ConcernOut, DebugOut, PairOut

discounts = typer.Typer(help="Explain discounts, and put away what is long over.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**53 - 1)]
User = Annotated[str | None, typer.Option(metavar="ID", help="With a product: why it counts, or does not.")]
Product = Annotated[str | None, typer.Option(metavar="ID", help="With a user.")]
At = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="ISO 8601 with Z or an offset [default: now].", show_default=False),
]
Lang = Annotated[
    Language | None, typer.Option(help="The language; else that of LANG if English, else Chinese.")
]
Days = Annotated[
    int | None,
    typer.Option(
        metavar="DAYS",
        min=0,
        max=3650,
        help="How long ago they ended [default: archive_discounts_after_days].",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")]


@discounts.command()
def debug(
    id: Id,  # noqa: A002
    user: User = None,
    product: Product = None,
    at: At = None,
    lang: Lang = None,
    database: Where = None,
) -> None:
    """Show a discount, its targets counted and its state; for a user and a product also why it counts, or does not."""
    from youhui.discounts.schemas import debug_out

    tongue = language(lang, os.environ)
    words = WORDS[tongue]
    if (user is None) != (product is None):
        stop([words["both"]])
    pair = None if user is None or product is None else (user, product)
    instant = None if at is None else _instant(at, words)
    with telling(tongue), _opened(database) as service:
        found = debug_out(service.discounts.explain(id, instant, pair), tongue)
    for line in _lines(found, words):
        typer.echo(printable(line))


@discounts.command()
def archive(older_than: Days = None, dry_run: DryRun = False, database: Where = None) -> None:
    """Pack away the targets of discounts that ended, or were deleted, long ago. Their history stays."""
    from youhui.discounts import jobs

    with _opened(database) as service:
        days = service.settings.archive_discounts_after_days if older_than is None else older_than
        age = timedelta(days=days)
        if dry_run:
            typer.echo(service.discounts.count_over(service.clock() - age))
        else:
            typer.echo(jobs.archive(service.discounts, age))


@contextmanager
def _opened(database: str | None) -> Iterator[Service]:
    from youhui.platform import migrate

    service = opening.service(database)
    try:
        migrate.upgrade(service.database)
        yield service
    finally:
        service.database.close()


def _instant(text: str, words: Mapping[str, str]) -> datetime:
    from youhui.checkout.values import Wrong, instant

    try:
        return instant(text)
    except Wrong:
        stop([words["not_instant"].format(at=text)])


def _lines(found: DebugOut, words: Mapping[str, str]) -> Iterator[str]:
    """As the seed's function prints it, and more."""
    yield words["name"].format(name=found.name)
    yield words["begins"].format(at=_time(found.effective_time))
    yield words["ends"].format(at=_time(found.expiration_time))
    yield words["priority"].format(priority=found.priority)
    yield words["gives"].format(
        value=found.discount_value, unit=words[found.discount_type].format(currency=found.currency)
    )
    yield words["users"].format(count=words["all"] if found.all_users else found.user_count)
    yield words["products"].format(count=words["all"] if found.all_products else found.product_count)
    if found.group_count:
        yield words["groups"].format(count=found.group_count)
    if found.category_count:
        yield words["categories"].format(count=found.category_count)
    finer = "" if found.state_text == found.status else words["finer"].format(state=found.state_text)
    yield words["state"].format(status=found.status) + finer
    if found.pair is not None:
        yield from _pair_lines(found.pair, words)


def _pair_lines(pair: PairOut, words: Mapping[str, str]) -> Iterator[str]:
    yield ""
    yield words["for_user"].format(id=pair.user, how=_how(pair.concerns_user, words))
    yield words["for_product"].format(id=pair.product, how=_how(pair.concerns_product, words))
    if pair.price is not None:
        yield words["takes"].format(price=pair.price, amount=pair.amount or "-")
    yield words["verdict"].format(message=pair.message)
    yield words["candidates"].format(count=len(pair.candidates))
    for place, one in enumerate(pair.candidates, 1):
        amount = "" if one.amount is None else f"  −{one.amount}"
        yield f"  {place}. #{one.id} {one.name}  [{one.priority}]{amount}  {one.message}"


def _how(concern: ConcernOut, words: Mapping[str, str]) -> str:
    return words["by_none" if concern.by is None else f"by_{concern.by}"].format(value=concern.value)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh-CN": {
        "both": "--user 与 --product 须同时给出",
        "not_instant": "{at} 不是带时区的 ISO 8601 时间，例如 2026-11-11T00:00:00+08:00",
        "name": "折扣信息: {name}",
        "begins": "生效时间: {at}",
        "ends": "过期时间: {at}",
        "priority": "优先级: {priority}",
        "gives": "折扣力度: {value} {unit}",
        "amount": "{currency}（每件减）",
        "percent": "折",
        "users": "适用用户数量: {count}",
        "products": "适用商品数量: {count}",
        "groups": "适用用户组数量: {count}",
        "categories": "适用分类数量: {count}",
        "all": "全部",
        "state": "当前状态: {status}",
        "finer": "（{state}）",
        "for_user": "用户 {id}: {how}",
        "for_product": "商品 {id}: {how}",
        "by_none": "不适用",
        "by_user": "在适用用户中",
        "by_group": "属于用户组 {value}",
        "by_product": "在适用商品中",
        "by_category": "属于分类 {value}",
        "by_all": "适用（全部）",
        "takes": "商品价格: {price}，可减 {amount}",
        "verdict": "结论: {message}",
        "candidates": "该用户和商品的全部折扣: {count}",
    },
    "en": {
        "both": "--user and --product are given together",
        "not_instant": "{at} is not an ISO 8601 time with a zone such as 2026-11-11T00:00:00+08:00",
        "name": "Discount: {name}",
        "begins": "Takes effect: {at}",
        "ends": "Expires: {at}",
        "priority": "Priority: {priority}",
        "gives": "Gives: {value} {unit}",
        "amount": "{currency} off each unit",
        "percent": "tenths of the price to pay (折)",
        "users": "Users: {count}",
        "products": "Products: {count}",
        "groups": "Groups: {count}",
        "categories": "Categories: {count}",
        "all": "all",
        "state": "State: {status}",
        "finer": " ({state})",
        "for_user": "User {id}: {how}",
        "for_product": "Product {id}: {how}",
        "by_none": "not for this one",
        "by_user": "in its list of users",
        "by_group": "in the group {value}",
        "by_product": "in its list of products",
        "by_category": "in the category {value}",
        "by_all": "for all",
        "takes": "Price: {price}, takes {amount}",
        "verdict": "Verdict: {message}",
        "candidates": "Discounts for this user and product: {count}",
    },
}
