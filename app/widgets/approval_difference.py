"""What changed since the package that was sent before: what a signer who saw that one looks at first."""

import streamlit as st

from app.widgets import package_difference
from app.widgets.text import plain
from pipelines.submission.package_diff import difference
from warehouse.ledger.package_manifests import Manifest


def draw(before: Manifest | None, now: Manifest) -> None:
    """Draw the changes from the package before to this one; nothing for a first package."""
    if before is None:
        return
    st.subheader(f"What changed since package {before.number}", anchor=False)
    if before.void_reason:
        st.caption(f"Package {before.number} no longer counts: {plain(before.void_reason.rstrip('.'))}.")
    package_difference.draw(difference(before, now))
