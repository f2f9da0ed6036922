"""Writing what the lake publishes into the ledger: rows, chains of notices, aliases. Never what people decided.

What a changed row does to the offers to it is the ledger's own deed (0010_amendments.sql).
The rows come as CSV made by DuckDB, go by COPY into temporary tables and from there, set-wise, into their places.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from warehouse.ledger.store import Deed, Transaction

COPY_BLOCK = 1 << 20

OPPORTUNITY_COLUMNS = (
    "id", "source", "external_ref", "content_hash", "solicitation_number", "title", "agency", "sub_agency", "office",
    "notice_type", "naics_code", "psc_code", "set_aside_code", "set_aside_text", "place_city", "place_state", "place_country",
    "posted_at", "first_posted_at", "due_date", "due_raw", "due_offset_minutes", "due_precision", "safe_deadline_at",
    "archive_on", "value_usd", "description", "description_url", "url", "contacts", "notice_count", "is_open", "is_demo",
    "row_hash", "kind", "eligibility_text", "award_floor_usd", "program_funding_usd", "expected_awards", "has_cost_sharing",
)  # fmt: skip
"""What is copied as it comes; the lists come as JSON and are turned into arrays."""
LIST_COLUMNS = (
    "attachment_urls", "flags", "eligibility_codes", "aln_codes", "funding_category_codes", "funding_instrument_codes",
)  # fmt: skip
NOTICE_COLUMNS = (
    "opportunity_id", "notice_id", "content_hash", "ordinal", "notice_type", "title", "posted_at", "due_date", "due_raw",
    "due_offset_minutes", "due_precision", "set_aside_code", "description", "url", "first_seen_at",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """How an opportunity stands in the ledger before publishing.

    Attributes:
        is_decided: A person set a status or wrote a note.
        decided_at: When it was decided last.
        has_workspace: A workspace names it.
    """

    row_hash: str
    is_open: bool
    is_demo: bool
    merged_into: str | None
    is_decided: bool
    decided_at: datetime | None
    has_workspace: bool

    @property
    def is_touched(self) -> bool:
        """Say whether a person did something with it."""
        return self.is_decided or self.has_workspace


STANDING_COLUMNS = {
    "id": "varchar", "row_hash": "varchar", "is_open": "boolean", "is_demo": "boolean", "merged_into": "varchar",
    "is_decided": "boolean", "decided_at": "timestamptz", "has_workspace": "boolean",
}  # fmt: skip
"""The columns of `write_standings` as DuckDB reads them: those of a Standing, by id."""


def write_standings(tx: Transaction, path: Path) -> None:
    """Write how every published opportunity stands as CSV without a header; an unquoted nothing is null."""
    with path.open("wb") as file, tx.copy(
        "copy (select id, row_hash, is_open, is_demo, merged_into, status <> 'new' or note is not null,"
        " greatest(status_changed_at, noted_at), id in (select opportunity_id from submissions"
        # What an offer was moved from stays: it may come back, and the offer with it.
        " union all select moved_from from submissions where moved_from is not null)"
        " from opportunities) to stdout (format csv, force_quote (id, row_hash))"
    ) as copy:  # fmt: skip
        for block in copy:
            file.write(block)


def aliases(tx: Transaction) -> dict[str, str]:
    """Return every alias with the id that it leads to."""
    return {
        row["alias_id"]: row["opportunity_id"]
        for row in tx.execute("select alias_id, opportunity_id from opportunity_aliases")
    }


def look_from(deed: Deed, as_of: datetime) -> None:
    """Say at which instant this publishing looks at the world: what was due before it is over, not taken back."""
    deed.execute("select set_config('procura.as_of', %s, true)", [as_of.isoformat()])


def offers(tx: Transaction) -> dict[str, str]:
    """Return with which opportunity each open offer stands."""
    rows = tx.rows("select id::text as id, opportunity_id from submissions where closed_at is null")
    return {row["id"]: row["opportunity_id"] for row in rows}


def offer_names(tx: Transaction, ids: Iterable[str]) -> dict[str, str]:
    """Return how offers are called in a sentence: “Offer” (W9124-26-R-0001)."""
    rows = tx.rows(
        "select s.id::text as id, s.label, coalesce(o.solicitation_number, o.title) as notice"
        " from submissions s join opportunities o on o.id = s.opportunity_id where s.id = any(as_uuids(%s))",
        [list(ids)],
    )
    return {row["id"]: f"“{row['label']}” ({row['notice']})" for row in rows}


def write_opportunities(deed: Deed, rows: Path, notices: Path) -> None:
    """Insert or replace opportunities and their chains from two CSV files with the columns named above."""
    deed.execute("create temp table incoming (like opportunities including defaults) on commit drop")
    for column in LIST_COLUMNS:
        deed.execute(
            f"alter table incoming alter column {column} drop default, alter column {column} type jsonb using '[]'::jsonb"
        )
    deed.execute("alter table incoming drop column search")
    _copy(deed, f"incoming ({', '.join((*OPPORTUNITY_COLUMNS, *LIST_COLUMNS))})", rows)
    lists = ", ".join(f"array(select jsonb_array_elements_text({column}))" for column in LIST_COLUMNS)
    columns = ", ".join((*OPPORTUNITY_COLUMNS, *LIST_COLUMNS))
    changes = ", ".join(f"{column} = excluded.{column}" for column in (*OPPORTUNITY_COLUMNS[1:], *LIST_COLUMNS))
    deed.execute(
        # In one order, so that two who write several rows never wait for each other.
        f"insert into opportunities ({columns}) select {', '.join(OPPORTUNITY_COLUMNS)}, {lists} from incoming order by id"  # noqa: S608 - own names
        f" on conflict (id) do update set {changes}, merged_into = null, published_at = now()"
    )
    deed.execute("delete from opportunity_notices n using incoming i where n.opportunity_id = i.id")
    # COPY is refused on tables with row security, so the chain goes through a temporary table too.
    deed.execute("create temp table incoming_notices (like opportunity_notices) on commit drop")
    names = ", ".join(NOTICE_COLUMNS)
    _copy(deed, f"incoming_notices ({names})", notices)
    deed.execute(f"insert into opportunity_notices ({names}) select {names} from incoming_notices")  # noqa: S608 - own names


def close(deed: Deed, ids: Iterable[str]) -> None:
    """Mark as no longer open what people touched."""
    deed.execute(
        "update opportunities set is_open = false, row_hash = '', published_at = now() where id = any(%s)", [list(ids)]
    )


def remove(deed: Deed, ids: Iterable[str]) -> int:
    """Remove what nobody touched, and demo rows; return how many. Row security keeps what a person touched meanwhile."""
    gone = list(ids)
    deed.execute("update opportunities set merged_into = null where merged_into = any(%s)", [gone])
    return deed.execute(
        "delete from opportunities o where id = any(%s)"
        # A demo row with a workspace cannot leave: the workspace names it.
        " and not exists (select from submissions s where s.opportunity_id = o.id)",
        [gone],
    ).rowcount


def merge(deed: Deed, survivors: Mapping[str, str]) -> None:
    """Let touched opportunities that regrouping ended point to the one that goes on."""
    deed.execute(
        "update opportunities o set merged_into = w.survivor, is_open = false, row_hash = '', published_at = now()"
        " from unnest(%s::text[], %s::text[]) w(id, survivor) where o.id = w.id",
        [list(survivors), list(survivors.values())],
    )


def inherit(deed: Deed, heirs: Mapping[str, str]) -> None:
    """Insert survivors that are new here with what people decided about the ended one; publishing fills in the rest.

    Args:
        heirs: The ended opportunity's id by the survivor's id.
    """
    deed.execute(
        "insert into opportunities (id, source, external_ref, content_hash, title, notice_type, due_precision, notice_count,"
        " is_open, row_hash, status, status_changed_at, status_changed_by, note, noted_at, noted_by)"
        " select w.heir, o.source, o.external_ref, o.content_hash, o.title, o.notice_type, o.due_precision, o.notice_count,"
        " false, '', o.status, o.status_changed_at, o.status_changed_by, o.note, o.noted_at, o.noted_by"
        " from unnest(%s::text[], %s::text[]) w(heir, ended) join opportunities o on o.id = w.ended on conflict do nothing",
        [list(heirs), list(heirs.values())],
    )


def write_aliases(deed: Deed, wanted: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Bring the aliases to what regrouping says."""
    gone = [alias for alias in known if alias not in wanted]
    new = {alias: target for alias, target in wanted.items() if known.get(alias) != target}
    deed.execute("delete from opportunity_aliases where alias_id = any(%s)", [[*gone, *new]])
    deed.execute(
        "insert into opportunity_aliases (alias_id, opportunity_id) select * from unnest(%s::text[], %s::text[])",
        [list(new), list(new.values())],
    )


def _copy(deed: Deed, target: str, path: Path) -> None:
    with path.open("rb") as file, deed.copy(f"copy {target} from stdin (format csv)") as copy:
        while block := file.read(COPY_BLOCK):
            copy.write(block)
