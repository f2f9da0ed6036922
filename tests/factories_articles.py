"""Makers of stories in the lake for tests, as a source would have left them."""

from datetime import UTC, datetime
from typing import Any

from warehouse.lake.connection import Cursor, Lake

_COLUMNS: dict[str, Any] = {
    "source": "newsapi",
    "publisher": "Example Times",
    "published_at": datetime(2026, 4, 8, 10, tzinfo=UTC),
    "first_seen_at": datetime(2026, 4, 9, tzinfo=UTC),
    "landing_order": 1,
}


def article(number: str, **given: Any) -> dict[str, Any]:
    """Make one story; `number` is its id and stands in its address."""
    own = {"article_id": number, "title": f"Story {number}", "url": f"https://times.example/{number}"}
    row = {**_COLUMNS, **own, **given}
    return row | {"title_key": row["title"].lower()}


def land_articles(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """Make these the stories of the lake."""

    def work(cursor: Cursor) -> None:
        cursor.execute("delete from core.articles")
        for row in rows:
            names = ", ".join(row)
            cursor.execute(
                f"insert into core.articles ({names}) values ({', '.join('?' * len(row))})", list(row.values())
            )

    lake.write(work)
