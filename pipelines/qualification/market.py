"""The market as its marts tell it: who buys, who holds, what ends when; and the awards behind each figure.

Not here: how the marts are made (warehouse/lake/marts).
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.domain.access import Action, Person, check
from warehouse.errors import StoreUnavailable
from warehouse.lake.connection import open_lake

MOST_ROWS = 300
"""Of a table; behind it the page says how many there are."""
Rows = list[dict[str, Any]]

_IS_CONTRACT = "not list_contains(flags, 'not_a_contract')"
_AWARD = "award_id, piid, description, recipient_name, agency, sub_agency, naics_code, obligated_usd, ceiling_usd, starts_on, ends_on, url"


@dataclass(frozen=True)
class Market:
    """The market of one industry, or of all that awards are known of.

    Attributes:
        years: Per federal fiscal year of the start: fiscal_year, awards, obligated_usd.
        agencies: Per agency and sub-agency: agency_key, sub_agency, agency, awards, obligated_usd, first and last year.
        holders: Per holder: holder_id, recipient_name, awards, running, obligated_usd, last_ends_on.
        recompetes: Awards that end within 18 months, the next first.
        recompete_count: How many these are in all.
    """

    years: Rows
    agencies: Rows
    holders: Rows
    recompetes: Rows
    recompete_count: int


def known_industries(*, by: Person) -> dict[str, int]:
    """Count the known awards by NAICS code.

    Raises:
        NotPermitted: `by` may not see it.
        StoreUnavailable: the lake does not answer.
    """
    check(by, Action.READ_OPPORTUNITIES)
    rows = _rows(
        "select naics_code as code, sum(awards)::bigint as awards from marts.agency_spend group by all order by code"
    )
    return {row["code"]: row["awards"] for row in rows}


def read_market(naics_code: str | None, *, by: Person) -> Market:
    """Read the market of one industry; None: of all.

    Raises:
        NotPermitted: `by` may not see it.
        StoreUnavailable: the lake does not answer.
    """
    check(by, Action.READ_OPPORTUNITIES)
    of = {"naics": naics_code}
    industry = "($naics is null or coalesce(naics_code, 'not stated') = $naics)"
    years = _rows(
        "select fiscal_year, sum(awards)::bigint as awards, sum(obligated_usd) as obligated_usd from marts.agency_spend"  # noqa: S608 - constants
        f" where {industry} group by all order by fiscal_year",
        of,
    )
    agencies = _rows(
        "select agency_key, min(agency) as agency, min(sub_agency) as sub_agency, upper(sub_agency) as sub_agency_key,"  # noqa: S608 - constants
        " sum(awards)::bigint as awards, sum(obligated_usd) as obligated_usd,"
        " min(nullif(fiscal_year, 0)) as first_year, max(nullif(fiscal_year, 0)) as last_year from marts.agency_spend"
        f" where {industry} group by agency_key, upper(sub_agency) order by obligated_usd desc, agency_key limit {MOST_ROWS}",
        of,
    )
    holders = _rows(
        "select holder_id, min(recipient_name) as recipient_name, sum(awards)::bigint as awards, sum(running)::bigint as running,"  # noqa: S608 - constants
        " sum(obligated_usd) as obligated_usd, max(last_ends_on) as last_ends_on"
        f" from marts.competitors where {industry} group by holder_id order by obligated_usd desc, holder_id limit {MOST_ROWS}",
        of,
    )
    recompetes = _rows(f"select {_AWARD} from marts.recompetes where {industry} order by ends_on, award_id", of)  # noqa: S608 - constants
    return Market(
        years,
        agencies,
        holders,
        recompetes[:MOST_ROWS],
        len(recompetes),
    )


def awards_behind(
    naics_code: str | None,
    *,
    by: Person,
    agency_key: str | None = None,
    sub_agency_key: str | None = None,
    holder_id: str | None = None,
    fiscal_year: int | None = None,
) -> Rows:
    """Read the awards behind a figure, the largest first: of an industry, an agency's part, a holder or a fiscal year.

    Raises:
        NotPermitted: `by` may not see them.
        StoreUnavailable: the lake does not answer.
    """
    check(by, Action.READ_OPPORTUNITIES)
    return _rows(
        f"select {_AWARD} from core.awards where {_IS_CONTRACT}"  # noqa: S608 - constants
        " and ($naics is null or coalesce(naics_code, 'not stated') = $naics)"
        " and ($agency is null or (agency_key = $agency and upper(coalesce(sub_agency, 'not stated')) = $sub))"
        " and ($holder is null or coalesce(recipient_uei, upper(recipient_name)) = $holder)"
        " and ($year is null or coalesce(year(starts_on + interval 3 months), 0) = $year)"
        f" order by obligated_usd desc nulls last, award_id limit {MOST_ROWS}",
        {"naics": naics_code, "agency": agency_key, "sub": sub_agency_key, "holder": holder_id, "year": fiscal_year},
    )


def likely_incumbents(opportunity_id: str, *, by: Person) -> Rows:
    """Read who likely holds work like an opportunity's, the most evidence first; columns as in marts/incumbents.sql.

    Raises:
        NotPermitted: `by` may not see them.
        StoreUnavailable: the lake does not answer.
    """
    check(by, Action.READ_OPPORTUNITIES)
    return _rows("from marts.incumbents where opportunity_id = $id order by place", {"id": opportunity_id})


def _rows(statement: str, given: dict[str, Any] | None = None) -> Rows:
    cursor = open_lake("procura_analyst", read_only=True).cursor()
    try:
        found = cursor.execute(statement, given or {}).to_arrow_table().to_pylist()
    except duckdb.CatalogException:
        return []  # before the first run there are no marts
    except duckdb.Error as error:
        raise StoreUnavailable("the lake does not answer.", kept="nothing was changed.") from error
    finally:
        cursor.close()
    return [dict(row) for row in found]
