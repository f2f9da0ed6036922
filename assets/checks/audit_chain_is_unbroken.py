"""Every audit record follows its predecessor, carries the right signature and is what its checkpoint was signed for."""

import dagster as dg

from assets.policy import to_check_result
from assets.resources import Stores
from pipelines.administration.audit_log import verify_audit_log
from warehouse.clock import now

WHOLE_LOG_TAG = "procura/whole_audit_log"
"""The nightly job carries it; every other run looks at what came since the last time the log held."""


@dg.asset_check(asset="audit_log", blocking=True)
def audit_chain_is_unbroken(context: dg.AssetCheckExecutionContext, stores: Stores) -> dg.AssetCheckResult:
    """Verify the log; report the first position that does not hold, and why."""
    is_whole = context.run.tags.get(WHOLE_LOG_TAG) == "yes"
    verdict = verify_audit_log(stores.ledger, stores.settings, at=now(), since_last=not is_whole)
    facts = {
        "records": verdict.records,
        "checked": verdict.checked,
        "checkpoints": verdict.checkpoints,
        "position": verdict.position,
        "first_fault": verdict.first_fault,
        "faults": len(verdict.faults),
    }
    return to_check_result((verdict.holds, facts))
