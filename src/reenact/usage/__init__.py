"""Usage: the arithmetic of tokens and money, and nothing else.

Sums, prices by date, rollups by day, session, model or five-hour block. It reads no file and asks
no clock: entries, time zone, prices and `now` are arguments. What is unknown stays unknown.
"""

from reenact.usage.calendar import Span, spans
from reenact.usage.ledger import Recorded, add, better, owner, total, worst
from reenact.usage.money import dollars, pico, usd
from reenact.usage.prices import Override, Prices, overrides
from reenact.usage.report import Block, Burn, By, ModelSum, Report, Row, Sum, document, usage_document
from reenact.usage.rollup import Entry, Total, rollup, rollup_totals

__all__ = [
    "Block",
    "Burn",
    "By",
    "Entry",
    "ModelSum",
    "Override",
    "Prices",
    "Recorded",
    "Report",
    "Row",
    "Span",
    "Sum",
    "Total",
    "add",
    "better",
    "document",
    "dollars",
    "overrides",
    "owner",
    "pico",
    "rollup",
    "rollup_totals",
    "spans",
    "total",
    "usage_document",
    "usd",
    "worst",
]
