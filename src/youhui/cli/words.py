"""The words of the terminal in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from youhui.engine.sentences import Language


def language(asked: Language | None, environment: Mapping[str, str]) -> Language:
    """The language asked for, else English where the environment is English, else Chinese."""
    if asked is not None:
        return asked
    set_ = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "en" if next(filter(None, set_), "").startswith("en") else "zh-CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is printed around the facts, in one language."""

    # files
    standard_input: str
    no_file: str
    no_reading: str
    no_json: str
    no_utf8: str
    no_measure: str
    no_case: str
    which_case: str
    unknown_case: str
    price_as_of_now: str
    # the receipt
    guest: str
    customer: str
    item: str
    price: str
    subtotal: str
    discount: str
    to_pay: str
    shipping: str
    total: str
    applied: str
    nothing_applied: str
    gift: str
    not_discountable: str
    rejected_codes: str
    refused: str
    # best_for_customer
    optimal: str
    not_optimal: str
    runner_up: str


WORDS: Mapping[Language, Words] = {
    "zh-CN": Words(
        standard_input="标准输入",
        no_file="找不到文件 {file}",
        no_reading="无法读取 {file}：{why}",
        no_json="{file} 不是合法的 JSON：第 {line} 行第 {column} 列（{why}）",
        no_utf8="{file} 不是 UTF-8 文本：第 {byte} 字节有误",
        no_measure="{file} 无法读取：数字过长或嵌套过深",
        no_case="{file} 里没有用例：应为一个对象，或对象的列表",
        which_case="{file} 里有 {count} 个用例，请用 --id 指定一个，例如 --id {example}",
        unknown_case="{file} 里没有用例 {id}",
        price_as_of_now="用例没有 now，按当前时刻 {at} 计算",
        guest="游客",
        customer="顾客 {id}",
        item="商品",
        price="单价 × 数量",
        subtotal="小计",
        discount="优惠",
        to_pay="应付",
        shipping="运费",
        total="合计",
        applied="已享优惠",
        nothing_applied="没有可用的优惠",
        gift="赠品 {sku} × {quantity}",
        not_discountable="不参与优惠",
        rejected_codes="未生效的优惠码",
        refused="未享优惠及原因",
        optimal="这是最省的组合（已证明）。",
        not_optimal="搜索到步数上限：已省 {saving}，任何组合最多省 {bound}。",
        runner_up="次优组合：{names}，省 {saving}。",
    ),
    "en": Words(
        standard_input="standard input",
        no_file="There is no file {file}",
        no_reading="{file} cannot be read: {why}",
        no_json="{file} is not JSON: line {line}, column {column}: {why}",
        no_utf8="{file} is not UTF-8 text: wrong at byte {byte}",
        no_measure="{file} cannot be read: a number is too long, or it is nested too deeply",
        no_case="{file} holds no case: an object or a list of objects is expected",
        which_case="{file} holds {count} cases; choose one with --id, for example --id {example}",
        unknown_case="{file} holds no case {id}",
        price_as_of_now="the case has no now: priced as of {at}",
        guest="Guest",
        customer="Customer {id}",
        item="Item",
        price="Price × Qty",
        subtotal="Subtotal",
        discount="Discount",
        to_pay="To pay",
        shipping="Shipping",
        total="Total",
        applied="Applied",
        nothing_applied="No promotion applies",
        gift="Gift {sku} × {quantity}",
        not_discountable="not discountable",
        rejected_codes="Codes that give nothing",
        refused="Not applied, and why",
        optimal="No combination saves more (proved).",
        not_optimal="The search ended at its step budget: {saving} saved, no combination saves more than {bound}.",
        runner_up="Next best: {names}, saving {saving}.",
    ),
}
