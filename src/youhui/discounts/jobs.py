"""Puts away what is long over: its lists are packed into one row, and everything else stays as it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from youhui.discounts.service import Discounts
from youhui.discounts.writing import Writing
from youhui.platform.principals import SYSTEM

ARCHIVE = "archive_discounts"
"""the scheduled job"""
MOST = 200
"""discounts that are archived in one transaction …"""
MOST_IDS = 50_000
"""… or fewer, with so many ids in their lists"""


def archive(discounts: Discounts, older_than: timedelta) -> int:
    """Archives what ended or was deleted longer ago than this; how many there were.

    In chunks, each of which is one transaction: broken off, it goes on where it was the next time. Raises Unavailable.
    """
    before, archived = discounts.clock() - older_than, 0
    while done := discounts.write(SYSTEM, lambda writing: _chunk(writing, before)):
        archived += done
    return archived


def _chunk(writing: Writing, before: datetime) -> int:
    ids = done = 0
    for discount in writing.over(before, MOST):
        ids += sum(discount.counts.values())
        if done and ids > MOST_IDS:
            break
        writing.archive(discount)
        done += 1
    return done
