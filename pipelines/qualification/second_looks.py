"""What people say to a score: ask a model anew, or disagree. Both are kept; neither changes a score by itself.

Not here: asking (assess.py); a disagreement is for evaluation.
"""

import uuid
from datetime import datetime

from pipelines.qualification.assess import OFFLINE, chosen_provider
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.fit import Recommendation
from warehouse.errors import BadInput, NotFound, WrongState
from warehouse.ledger.assessments import insert_disagreement, read_askable
from warehouse.ledger.run_requests import ASSESSMENT, ask_for_run
from warehouse.ledger.store import Ledger

LONGEST_REASON = 2_000


def ask_anew(ledger: Ledger, opportunity_id: str, *, by: Person, at: datetime) -> None:
    """Ask for another answer of a model about this opportunity; a run carries it out within seconds.

    Raises:
        NotPermitted: `by` may not.
        WrongState: no model is set, or the opportunity is none that a model is asked about.
    """
    access.check(by, Action.ASK_MODEL)
    if chosen_provider(ledger) == OFFLINE:
        raise WrongState(
            "No model is set.", kept="everything as it was.", todo="an admin sets llm_provider on the page Admin."
        )
    with ledger.deed(AuditEvent("opportunity:asked_anew", opportunity_id, by.id), by) as deed:
        if read_askable(deed, opportunity_id) is None:
            raise WrongState(
                "A model is asked only about what is open, scored, and excluded by no rule.",
                kept="everything as it was.",
            )
        ask_for_run(deed, ASSESSMENT, opportunity_id, by=by.id, at=at)


def disagree(
    ledger: Ledger,
    opportunity_id: str,
    thinks: Recommendation,
    reason: str,
    *,
    assessment_id: int | None,
    by: Person,
    at: datetime,
) -> None:
    """Keep that a person thinks otherwise than what was said, and why.

    Args:
        assessment_id: What is disagreed with; None: the local score.

    Raises:
        NotPermitted: `by` may not.
        BadInput: no reason is given, it is too long, or it is what was said anyway.
        NotFound: there is no such opportunity.
    """
    access.check(by, Action.DISAGREE)
    text = reason.replace("\x00", "").strip()
    if not 1 <= len(text) <= LONGEST_REASON:
        raise BadInput(
            f"The reason has {len(text):,} characters.",
            kept="nothing was written.",
            todo=f"write 1 to {LONGEST_REASON:,}.",
        )
    event = AuditEvent("opportunity:disagreed", opportunity_id, by.id, {"thinks": thinks.value})
    with ledger.deed(event, by) as deed:
        said = insert_disagreement(
            deed, str(uuid.uuid4()), opportunity_id, thinks.value, text, assessment_id=assessment_id, by_id=by.id, at=at
        )
        if said is None:
            raise NotFound("This opportunity is not here any more, or has no score.", kept="nothing was written.")
        if said == thinks.value:
            raise BadInput(
                f"“{said}” is what was said.", kept="nothing was written.", todo="choose what you think instead."
            )
        deed.note(said=said)
