"""Every audit record follows its predecessor and carries the right signature."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from warehouse.audit.chain import read_records, verify_records
from warehouse.audit.keys import audit_keys


@dg.asset_check(asset="published_opportunities")
def audit_chain_is_unbroken(stores: Stores) -> dg.AssetCheckResult:
    """Recompute every link; report the first position that does not hold, and why."""
    with stores.ledger.read() as tx:
        verdict = verify_records(read_records(tx.connection), audit_keys(stores.settings))
    return to_check_result((verdict.holds, {"records": verdict.records, "first_fault": verdict.first_fault}))
