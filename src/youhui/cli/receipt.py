"""The receipt of a quote, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from youhui.cli.files import printable
from youhui.cli.words import WORDS
from youhui.conformance import Case
from youhui.engine import Line, Quote, Verdict
from youhui.engine.money import format_amount
from youhui.engine.quote import Cut, Search
from youhui.engine.sentences import Language, hint_sentence, reason_sentence

_MOST_RUNS = 3
"""a cut of more different amounts is shown as its sum only"""


def show(case: Case, quote: Quote, language: Language, explain: bool) -> None:
    """Prints the receipt; with `explain` also why each other promotion is not applied."""
    # Texts of documents are shown as they are: no markup, no emoji codes, no colours for numbers in them.
    console = Console(markup=False, emoji=False, highlight=False)
    receipt = _Receipt(case, quote, language)
    for part in receipt.parts(explain):
        console.print(part)


class _Receipt:
    def __init__(self, case: Case, quote: Quote, language: Language) -> None:
        self.case = case
        self.quote = quote
        self.language = language
        self.words = WORDS[language]
        self.names = {p.id: printable(p.name or p.id) for p in case.promotions}
        self.cuts: dict[str, list[tuple[str, Cut]]] = {line.id: [] for line in case.cart.lines}
        for applied in quote.applied:
            for cut in applied.cuts:
                self.cuts[cut.line].append((self.names[applied.promotion], cut))

    def parts(self, explain: bool) -> Iterator[RenderableType]:
        yield self.head()
        yield self.lines()
        yield self.applied()
        if self.quote.rejected_codes:
            yield self.rejected_codes()
        if self.quote.search is not None:
            yield self.search(self.quote.search)
        if explain:
            yield self.refused()

    def money(self, amount: int) -> str:
        return format_amount(amount, self.quote.currency)

    def less(self, amount: int) -> str:
        """What is taken off; nothing where it is nothing."""
        return self.money(-amount) if amount else ""

    def head(self) -> RenderableType:
        customer, context = self.case.cart.customer, self.case.cart.context
        who = self.words.guest if customer is None else self.words.customer.format(id=customer.id)
        facts = [who, *(customer.groups if customer else ())]
        facts += [fact for fact in (context.channel, context.country, context.payment_method) if fact]
        grid = Table.grid(expand=True, padding=(0, 2))
        grid.add_column(overflow="fold")
        grid.add_column(justify="right")
        grid.add_row(
            Text(printable(" · ".join(facts))), Text(f"{self.quote.at:%Y-%m-%d %H:%M:%S} UTC", style="dim")
        )
        return grid

    # -- what is bought

    def lines(self) -> RenderableType:
        words = self.words
        table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False)
        table.add_column(words.item, overflow="fold", ratio=1, min_width=10)
        for title in (words.price, words.subtotal, words.discount, words.to_pay):
            table.add_column(title, justify="right", overflow="fold")
        skus = Counter(line.sku for line in self.case.cart.lines)
        for line, quoted in zip(self.case.cart.lines, self.quote.lines, strict=True):
            label = line.sku if skus[line.sku] == 1 else f"{line.sku} ({line.id})"
            price = f"{self.money(line.unit_price)} × {line.quantity}"
            self._row(table, label, price, quoted.subtotal, quoted.discount)
            self._cuts(table, line)
        self._shipping(table)
        table.add_section()
        self._row(
            table,
            f"{words.total} ({self.quote.currency})",
            "",
            self.quote.subtotal,
            self.quote.total_discount,
            "bold",
        )
        return table

    def _row(
        self, table: Table, label: str, price: str, subtotal: int, discount: int, style: str = ""
    ) -> None:
        taken = Text(self.less(discount), style="green")
        table.add_row(
            printable(label), price, self.money(subtotal), taken, self.money(subtotal - discount), style=style
        )

    def _cuts(self, table: Table, line: Line) -> None:
        if not line.discountable:
            table.add_row(f"  {self.words.not_discountable}", style="dim")
        for name, cut in self.cuts[line.id]:
            table.add_row(f"  {name}", self._units(cut), "", self.less(cut.amount), style="dim")

    def _units(self, cut: Cut) -> str:
        """ "-5.00 × 1": how much was taken of how many units."""
        runs: Counter[int] = Counter()
        for count, each in cut.units:
            runs[each] += count
        del runs[0]
        if len(runs) > _MOST_RUNS:
            return ""
        return "\n".join(f"{self.less(each)} × {count}" for each, count in runs.items())

    def _shipping(self, table: Table) -> None:
        shipping = self.case.cart.shipping
        if shipping is None:
            return
        label = " ".join(filter(None, (self.words.shipping, shipping.method)))
        self._row(table, label, "", self.quote.shipping, self.quote.shipping_discount)
        for applied in self.quote.applied:
            if applied.shipping:
                name = f"  {self.names[applied.promotion]}"
                table.add_row(name, "", "", self.less(applied.shipping), style="dim")

    # -- what was given

    def applied(self) -> RenderableType:
        """Each applied promotion with all that it gave."""
        table = self._list(self.words.applied)
        for applied in self.quote.applied:
            amount = Text(self.less(applied.amount), style="green")
            table.add_row("✓", self._promotion(applied.promotion), amount)
            for gift in applied.gifts:
                table.add_row("", printable(self.words.gift.format(sku=gift.sku, quantity=gift.quantity)))
            verdict = self.quote.verdict(applied.promotion)
            if verdict is not None and (verdict.capped or verdict.units):
                table.add_row("", Text(self._sentence(verdict), style="dim"))
        if not self.quote.applied:
            table.add_row("", self.words.nothing_applied)
        return table

    def rejected_codes(self) -> RenderableType:
        table = self._list(self.words.rejected_codes)
        for code in self.quote.rejected_codes:
            table.add_row("✗", f"“{printable(code)}”")
            table.add_row("", Text(self._sentence(self._verdict_on(code)), style="dim"))
        return table

    def _verdict_on(self, code: str) -> Verdict:
        """That of the promotion for which the code was rejected."""
        reason = self.quote.rejected_codes[code]
        unlocked = {p.id for p in self.case.promotions if p.opened_by(code)}
        for verdict in self.quote.verdicts:
            if verdict.promotion in unlocked and verdict.reason == reason:
                return verdict
        return Verdict("", reason)

    def search(self, search: Search) -> RenderableType:
        """How sure it is that no other combination saves more."""
        words = self.words
        known = words.optimal if search.optimal else words.not_optimal
        said = [known.format(saving=self.money(search.saving), bound=self.money(search.bound))]
        if search.runner_up is not None and search.runner_up_saving is not None:
            names = " + ".join(self.names[promotion] for promotion in search.runner_up)
            said.append(words.runner_up.format(names=names, saving=self.money(search.runner_up_saving)))
        return Text("\n" + "\n".join(said))

    def refused(self) -> RenderableType:
        """Each promotion that is not applied: why, and what would make it apply."""
        table = self._list(self.words.refused)
        for verdict in self.quote.verdicts:
            if verdict.reason is not None:
                table.add_row("✗", self._promotion(verdict.promotion))
                table.add_row("", Text(self._sentence(verdict), style="dim"))
            if verdict.hint is not None:
                name = self.names[verdict.promotion]
                hint = hint_sentence(verdict.hint, name, self.quote.currency, self.language)
                table.add_row("→", Text(hint, style="cyan"))
        return table

    def _sentence(self, verdict: Verdict) -> str:
        name, rival = self.names.get(verdict.promotion), self.names.get(verdict.rival or "")
        return reason_sentence(verdict, name, self.quote.currency, self.language, rival_name=rival)

    def _promotion(self, promotion: str) -> Text:
        """The name, and the id behind it where that is another."""
        name = self.names[promotion]
        shown = Text(name)
        return shown if name == promotion else shown.append(f" {printable(promotion)}", style="dim")

    def _list(self, title: str) -> Table:
        """A titled list: a mark, a text, an amount."""
        table = Table(
            title=f"\n{title}", title_justify="left", title_style="bold", box=None, show_header=False, expand=True,
            pad_edge=False,
        )  # fmt: skip
        table.add_column(width=1)
        table.add_column(overflow="fold", ratio=1)
        table.add_column(justify="right", overflow="fold")
        return table
