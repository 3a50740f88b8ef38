"""What is provably wrong with a list of promotions, each finding with a case that shows it (docs/lint.md).

report = lint(promotions, currency="CNY")
"""

from youhui.lint.finding import Code, Finding, Severity, Witness
from youhui.lint.report import MOST_FINDINGS, Report, lint
from youhui.lint.sentences import SEVERITIES, sentence

__all__ = [
    "MOST_FINDINGS",
    "SEVERITIES",
    "Code",
    "Finding",
    "Report",
    "Severity",
    "Witness",
    "lint",
    "sentence",
]
