"""What the routes of codes are asked and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from youhui.checkout.abuse.asking import Opaque, RiskIn
from youhui.coupons.codes.importing import Report
from youhui.coupons.codes.model import CHARSET, LONGEST, MOST, Code, NewCode, Shape, State
from youhui.coupons.codes.problems import fault
from youhui.coupons.codes.rules import read_code, read_shape
from youhui.engine.forms import LARGEST
from youhui.platform.languages import Language
from youhui.platform.problems import Invalid
from youhui.platform.receiving import RejectedRow, rejected_rows

Text: TypeAlias = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
"""what is read more closely by the rules; no database stores a NUL"""
Count: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST)]


class _In(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class CodesIn(_In):
    """Many one-time codes, drawn: `count` of a `pattern`, or of `length` characters after a `prefix`; or one `code` of
    your own, which many may use: `uses_limit` times in all.
    """

    count: Annotated[int, Field(ge=1, le=MOST)] | None = None
    pattern: Text | None = Field(None, description="Each # is drawn: SUMMER-####-####-####")
    prefix: Text | None = None
    length: Annotated[int, Field(ge=1, le=LONGEST)] | None = None
    check_digit: bool = Field(
        True, description="The last # follows from the others: a wrong key is found at once"
    )
    charset: Text = Field(CHARSET, description="What is drawn from: letters and digits")
    code: Text | None = Field(None, description="A shared code: SAVE10")
    uses_limit: Count | None = None
    per_customer: Count | None = None

    def shared(self) -> NewCode | None:
        """The code that many may use, if that is what is asked for. Raises Invalid."""
        if self.code is None:
            return None
        if any([one is not None for one in (self.count, self.pattern, self.prefix, self.length)]):
            raise Invalid([fault("code", "two_ways")])
        if self.uses_limit is None:
            raise Invalid([fault("uses_limit", "needs_limit")])
        return NewCode(
            key=read_code(self.code),
            code=self.code.strip(),
            uses_limit=self.uses_limit,
            per_customer=self.per_customer,
        )

    def drawn(self) -> tuple[Shape, int]:
        """How the codes are to be made, and how many. Raises Invalid."""
        given = {"uses_limit": self.uses_limit, "per_customer": self.per_customer}
        faults = [fault(name, "not_of_shared") for name, value in given.items() if value is not None]
        if self.count is None:
            faults.append(fault("count", "missing"))
        if faults or self.count is None:
            raise Invalid(faults)
        shape = read_shape(self.pattern, self.prefix, self.length, self.charset, self.check_digit)
        return shape, self.count


class VoidIn(_In):
    """One code, or all that a task has made and that can still be redeemed."""

    code: Text | None = None
    task: Count | None = None


class RedeemIn(_In):
    """A code, and who redeems it; a shopper's token may leave out who."""

    code: Text
    user_id: Opaque | None = None
    risk: RiskIn | None = None


class CodeOut(BaseModel):
    """A code. `used` of `uses_limit`; `per_customer`: uses of one customer, null: any. `task_id`: that made it, 0 of
    those of your own.
    """

    code: str
    state: State
    uses_limit: int
    per_customer: int | None
    used: int
    task_id: int
    voided_at: datetime | None
    created_at: datetime


class MadeOut(BaseModel):
    """Codes that were made at once, and the task that made them."""

    task: int
    codes: list[str]


class CodeReportOut(BaseModel):
    """What became of the rows: each was created, unchanged or rejected.

    `errors`: the faults of the first 1,000 rejected rows. `lines`: how many were read, with the header and empty ones.
    """

    received: int
    created: int
    unchanged: int
    rejected: int
    lines: int
    errors: list[RejectedRow]


def code_out(code: Code) -> CodeOut:
    """As it is answered."""
    return CodeOut(
        code=code.code,
        state=code.state,
        uses_limit=code.uses_limit,
        per_customer=code.per_customer,
        used=code.used,
        task_id=code.task_id,
        voided_at=code.voided_at,
        created_at=code.created_at,
    )


def report_out(report: Report, language: Language) -> CodeReportOut:
    """With the sentences in a language."""
    return CodeReportOut(
        received=report.received,
        created=report.created,
        unchanged=report.unchanged,
        rejected=report.rejected,
        lines=report.lines,
        errors=rejected_rows(report.errors, language),
    )
