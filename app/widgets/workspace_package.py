"""The package of a workspace: what goes out, how, and whether its gates let it go to the first signature.

Not here: signatures (workspace_approvals.py), files as such (workspace_files.py).
"""

import json
from datetime import datetime
from decimal import Decimal

import streamlit as st

from app.widgets import package_deeds, package_delivery, package_gates, package_items, told
from app.widgets.text import plain
from pipelines.submission.approval_steps import list_steps
from pipelines.submission.approvals import send_to_approval
from pipelines.submission.look_up import may_on
from pipelines.submission.package import PackageLook, check_is_as_shown, look_at_package
from pipelines.submission.package_state import PackageState
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.package import size_words
from warehouse.domain.submission import SubmissionStatus
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.ledger.submissions import Submission


def draw(submission: Submission, person: Person) -> None:
    """Draw the part."""
    look = look_at_package(open_ledger(), submission.id, at=clock.now(), by=person)
    of = look.state.submission
    is_open = of.status is SubmissionStatus.DRAFT and of.closed_at is None
    may_edit = is_open and may_on(of, person, Action.EDIT_PACKAGE)
    st.subheader("Package", anchor=False)
    told.tell(package_deeds.PLACE)
    with st.container():
        if not is_open:
            _draw_why_fixed(of)
        _draw_total(look.state)
    package_items.draw(look.state, may_edit=may_edit)
    st.divider()
    left, right = st.columns([2, 3], gap="large")
    with left:
        package_delivery.draw(look.state, person, may_edit=may_edit)
    with right:
        with st.container():
            if is_open:
                package_gates.draw(look.gates)
                if may_on(of, person, Action.SEND_TO_APPROVAL):
                    _draw_sending(look, person)
        _draw_manifest(look)


def _draw_why_fixed(of: Submission) -> None:
    if of.closed_at is not None:
        st.caption("The offer is closed: its package is as it was.")
        return
    words = {
        SubmissionStatus.PENDING_APPROVAL: "It waits for signatures: nothing of the package changes now.",
        SubmissionStatus.APPROVED: "It is approved and frozen. Its owner can open it to change; the signatures are then void.",
        SubmissionStatus.REJECTED: "It was rejected. Its owner takes it up again, then it can be changed.",
        SubmissionStatus.SUBMITTED: "It was submitted: this is what went out.",
    }
    st.info(words.get(of.status, "It cannot be changed now."))


def _draw_total(found: PackageState) -> None:
    limit, carried = found.total_limit, found.carried_bytes
    grown = f", as e-mail {size_words(carried)}" if carried > found.total_bytes else ""
    if limit is None:
        st.caption(f"All files together: {size_words(found.total_bytes)}. The solicitation states no limit.")
        return
    whence = "stated" if found.limits.total_bytes else "usual where none is stated"
    over = f" · :red[**{size_words(carried - limit)} too much**]" if carried > limit else ""
    text = f"{size_words(found.total_bytes)}{grown} of {size_words(limit)} ({whence}){over}"
    st.progress(min(carried / limit, 1.0), text=text)


def _draw_sending(look: PackageLook, person: Person) -> None:
    of = look.state.submission
    steps = [s for s in list_steps(open_ledger(), by=person) if s.min_value_usd is None or _counts(of, s.min_value_usd)]
    first = steps[0].department.value if steps else "approval"
    closed = [gate for gate in look.gates if not gate.passed]
    why = f"{closed[0].name}: no. {closed[0].reason}" if closed else ""
    files = len(look.state.packed)
    st.button(
        f"Send to {first}", type="primary", key="send-package", disabled=bool(closed), on_click=_send, args=(of, look.hash, first),
        help=plain(why) if why else None,
    )  # fmt: skip
    if closed:
        more = f" And {len(closed) - 1} more." if len(closed) > 1 else ""
        st.caption(f"Not yet. {plain(why)}{more}")
    else:
        chain = ", then ".join(step.department.value for step in steps)
        st.caption(
            f"{files} {'file' if files == 1 else 'files'} and everything above can then not be changed until all have signed"
            f" or one rejects. Signed by {chain}."
        )


def _counts(of: Submission, least: Decimal) -> bool:
    # An offer whose value nobody knows counts as above every threshold (warehouse/domain/approval.py).
    return of.value_usd is None or of.value_usd >= least


def _send(of: Submission, shown_hash: str, first: str) -> None:
    def deed(ledger: Ledger, by: Person, at: datetime) -> None:
        check_is_as_shown(ledger, of.id, shown_hash, at=at, by=by)
        send_to_approval(ledger, of.id, version=of.version, at=at, by=by)

    package_deeds.attempt(deed, f"Sent to {first}. Whoever can sign it has been told.")


def _draw_manifest(look: PackageLook) -> None:
    present = look.present
    encoded, digest = (present.encoded, present.hash) if present else (look.encoded, look.hash)
    title = f"The manifest that was sent (no. {present.number})" if present else "The manifest as it would be now"
    with st.expander(title):
        st.caption(
            "Whoever signs, signs the SHA-256 of these bytes: files with hash, name and order, fields, value, deadline, notice."
        )
        st.code(digest, language=None, wrap_lines=True)
        st.download_button(
            "Download the manifest (JSON)", encoded, file_name=f"manifest-{digest[:12]}.json", mime="application/json",
            on_click="ignore", key="manifest",
        )  # fmt: skip
        st.json(json.loads(encoded), expanded=False)
