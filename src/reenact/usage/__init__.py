"""Usage: the arithmetic of tokens and money, and nothing else.

Sums, prices by date, rollups by day, session, model or five-hour block. It reads no file and asks
no clock: entries, time zone, prices and `now` are arguments. What is unknown stays unknown.
"""

from reenact.usage.ledger import Recorded, add, better, owner, total, worst

__all__ = ["Recorded", "add", "better", "owner", "total", "worst"]
