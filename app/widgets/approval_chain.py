"""The chain of signatures under a package: who signed which step and when, what is next, who could; and earlier packages."""

from collections.abc import Sequence

import streamlit as st

from app.widgets import deadline
from app.widgets.text import plain
from pipelines.submission.approval_queue import Sheet
from warehouse.domain.approval import ChainStep
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.ledger.approvals import Officer
from warehouse.ledger.package_manifests import Manifest


def draw(sheet: Sheet, *, is_short: bool) -> None:
    """Draw the steps in their order; unless it is short, also who wrote the offer and what was sent before."""
    st.subheader("Signatures", anchor=False)
    is_waiting = sheet.submission.status is SubmissionStatus.PENDING_APPROVAL
    if sheet.chain:
        _draw_chain(sheet.chain, sheet.step if is_waiting else None)
    if is_waiting and sheet.step is not None:
        _draw_could(sheet.could, sheet.step)
    elif is_waiting:
        st.caption("All have signed. The package is being frozen; this takes a moment.")
    if sheet.manifest is not None and sheet.manifest.void_reason:
        st.caption(f"This package no longer counts: {plain(sheet.manifest.void_reason.rstrip('.'))}.")
    if is_short:
        return
    if sheet.authors:
        st.caption(
            f"Worked on it, and sign nothing of it: {', '.join(plain(email) for email in sheet.authors.values())}."
        )
    _draw_earlier(sheet)


def _draw_chain(chain: Sequence[ChainStep], following: ChainStep | None) -> None:
    with st.container(border=True):
        for step in chain:
            of = "" if step.name.lower() == step.department.value else f" · {step.department.value}"
            st.markdown(f"{_badge(step, following)} **{plain(step.name)}**{of}  \n{_who(step)}")


def _badge(step: ChainStep, following: ChainStep | None) -> str:
    if step.status is ApprovalStatus.REJECTED:
        return ":red-badge[:material/close: rejected]"
    if step.status is not ApprovalStatus.PENDING:
        return ":gray-badge[signed, void]" if step.voided_at else ":green-badge[:material/check: signed]"
    if step.voided_at:
        return ":gray-badge[void]"
    return ":orange-badge[next]" if following and step.id == following.id else ":gray-badge[later]"


def _who(step: ChainStep) -> str:
    if step.decided_at is None:
        return ":small[nobody yet]" if not step.voided_at else ":small[was not asked any more]"
    parts = [plain(step.approver), deadline.moment(step.decided_at, deadline.reader_zone())]
    if step.on_behalf_of:
        parts.insert(1, f"in the place of {plain(step.on_behalf_of)}")
    said = f":small[{' · '.join(parts)}]"
    return said + (f"  \n“{plain(step.reason)}”" if step.reason else "")


def _draw_could(could: Sequence[Officer], step: ChainStep) -> None:
    if not could:
        st.warning(
            f"Nobody of {step.department.value} can sign now who did not work on it or sign another step."
            " To do: an admin adds an officer, or the owner takes the offer back."
        )
        return
    st.caption(f"{plain(step.name)} can be signed by: {', '.join(_officer(officer) for officer in could)}.")


def _officer(officer: Officer) -> str:
    words = plain(officer.email)
    if officer.is_away:
        return f"{words} (away)"
    return f"{words} (stands in for {plain(officer.stands_in_for)})" if officer.stands_in_for else words


def _draw_earlier(sheet: Sheet) -> None:
    earlier = [m for m in sheet.manifests if sheet.manifest and m.id != sheet.manifest.id]
    if not earlier:
        return
    with st.expander(f"Earlier packages: {len(earlier)}"):
        for manifest in earlier:
            _draw_former(manifest, sheet.chains.get(manifest.id, ()))


def _draw_former(manifest: Manifest, chain: Sequence[ChainStep]) -> None:
    when = deadline.moment(manifest.made_at, deadline.reader_zone())
    st.markdown(f"**Package {manifest.number}** · sent {when} · `{manifest.hash[:16]}…`")
    if manifest.void_reason:
        st.caption(f"Void: {plain(manifest.void_reason)}")
    if chain:
        _draw_chain(chain, None)
