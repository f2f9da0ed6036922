"""How long is left until an offer must have arrived, and whether that is enough to deliver it. Pure: the instant comes in.

Not here: when an offer is due and its safe instant (deadlines.py).
"""

from datetime import datetime, timedelta


def in_words(span: timedelta) -> str:
    """Write a span with its two largest units, cut and never rounded up: "2 d 4 h", "5 h 10 min", "48 s"."""
    seconds = int(abs(span).total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds % 60} s" if seconds % 60 else f"{minutes} min"
    return f"{seconds} s" if seconds else "less than a second"


def fault_of_time(due: datetime | None, *, needed: timedelta, at: datetime) -> str:
    """Say by how much an offer is late, or has less time left than its delivery takes; "" when it may be delivered.

    The instant itself is late: an offer must be there before it.

    Args:
        due: The deadline; None where the notice states none that could be read.
        needed: How long the delivery took when it was slowest; zero where nobody has measured.
    """
    if due is None:
        return ""
    if due <= at:
        return f"the deadline passed {in_words(at - due)} ago: late is late"
    if due - at < needed:
        short = needed - (due - at)
        return f"{in_words(due - at)} are left and the delivery takes {in_words(needed)}: {in_words(short)} too little"
    return ""
