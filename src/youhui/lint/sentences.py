"""Every finding as a sentence, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.engine.sentences import Language
from youhui.lint.finding import Code, Finding, Severity

SEVERITIES: Mapping[Language, Mapping[Severity, str]] = {
    "zh-CN": {"error": "错误", "warning": "警告", "notice": "提示"},
    "en": {"error": "Errors", "warning": "Warnings", "notice": "Notices"},
}

SENTENCES: Mapping[tuple[Code, str], Mapping[Language, str]] = {
    ("dead", "conditions"): {
        "zh-CN": "{0} 永远不会生效：以下条件不可能成立：{conditions}。",
        "en": "{0} can never apply: these conditions never hold (together): {conditions}.",
    },
    ("dead", "actions"): {
        "zh-CN": "{0} 永远不会给出优惠：它的每个动作都是零优惠。",
        "en": "{0} can never give anything: each of its actions takes nothing.",
    },
    ("dead", "needs"): {
        "zh-CN": "{0} 永远不会给出优惠：它的动作所需与条件矛盾：{conditions}。",
        "en": "{0} can never give anything: what its actions need is never there: {conditions}.",
    },
    ("dead", "limit"): {
        "zh-CN": "{0} 永远不会生效：{limit} 为 0。",
        "en": "{0} can never apply: its {limit} is 0.",
    },
    ("never_opens", "empty"): {
        "zh-CN": "{0} 永远不会开始：开始时间 {start} 不早于结束时间 {until}。",
        "en": "{0} never opens: it starts at {start}, which is not before its end, {until}.",
    },
    ("never_opens", "time_window"): {
        "zh-CN": "{0} 永远不会开放：从 {start} 到 {until}，没有任何时刻符合它的时段条件。",
        "en": "{0} never opens: from {start} until {until} there is no instant that its time windows allow.",
    },
    ("shadowed", "exclusive"): {
        "zh-CN": "{0} 永远轮不到：凡是它适用的购物车，独占的 {1} 都会先生效。",
        "en": "{0} never gets its turn: the exclusive {1} applies to every cart that it could apply to.",
    },
    ("shadowed", "excluded"): {
        "zh-CN": "{0} 永远轮不到：与它互斥的 {1} 总是先生效。",
        "en": "{0} never gets its turn: {1}, which it does not go with, always applies before it.",
    },
    ("shadowed", "group"): {
        "zh-CN": "{0} 永远不会胜出：同组中排在前面的 {1} 优惠总是不低于它。",
        "en": "{0} never wins: {1}, earlier in its group, always gives at least as much.",
    },
    ("shadowed", "per_line"): {
        "zh-CN": "{0} 永远不会胜出：同组中排在前面的 {1} 总是先占用它的所有商品行。",
        "en": "{0} never wins a line: {1}, earlier in its group, always has all of its lines.",
    },
    ("priority_collision", "swap"): {
        "zh-CN": "{0} 与 {1} 优先级相同（{lane}，{priority}），结果取决于列表顺序："
        "按现有顺序为 {listed}；对调后为 {swapped}。",
        "en": "{0} and {1} have the same priority ({lane}, {priority}) and their order in the list decides: "
        "{listed} as listed; {swapped} if swapped.",
    },
    ("free_order", "stack"): {
        "zh-CN": "{all} 叠加后，商品总价 {total} 的订单无需付款。",
        "en": "{all} together make an order free whose lines are worth {total}.",
    },
    ("free_order", "single"): {
        "zh-CN": "仅 {0} 一项就能让任何价格的订单免费（例如商品总价 {total}）。",
        "en": "{0} by itself makes an order free whatever its price (lines worth {total}, for one).",
    },
    ("limit_never_binds", "per_customer"): {
        "zh-CN": "{0} 的每人限用 {limit} 次不起作用：总共只能用 {bound} 次。",
        "en": "{0}: the limit of {limit} uses per customer never binds: there are only {bound} uses in all.",
    },
    ("limit_never_binds", "budget"): {
        "zh-CN": "{0} 的预算 {limit} 永远用不完：最多只会用掉 {bound}。",
        "en": "{0}: the budget of {limit} can never be spent: all uses together take at most {bound}.",
    },
    ("limit_never_binds", "order_cap"): {
        "zh-CN": "{0} 的单笔封顶 {limit} 不起作用：一笔订单最多优惠 {bound}。",
        "en": "{0}: the cap of {limit} per order never binds: one order gets at most {bound} off.",
    },
    ("limit_never_binds", "max_amount"): {
        "zh-CN": "{0} 的最高优惠 {limit} 不起作用：按比例最多优惠 {bound}。",
        "en": "{0}: the max_amount of {limit} is never reached: its percentage gives at most {bound}.",
    },
}


def sentence(finding: Finding, language: Language) -> str:
    """What was found, in words."""
    wording = SENTENCES[finding.code, finding.variant][language]
    every = ("、" if language == "zh-CN" else ", ").join(finding.promotions)
    return wording.format(*finding.promotions, all=every, **finding.params)
