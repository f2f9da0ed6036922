"""The files of a package that was sent, as its manifest names them; each can be looked at here, inert, or downloaded."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import session
from app.widgets import filters, state
from app.widgets.text import plain
from pipelines.submission.download_links import link_to
from pipelines.submission.previews import Block, preview_of
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.errors import ProcuraError
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow, read_file
from warehouse.settings import current

PHONE = ["File", "Size", "SHA-256"]
"""The columns for which a telephone has room."""


def draw(manifest: Manifest, person: Person) -> None:
    """Draw the table of files, and one button each to look at it."""
    entries = manifest.body["files"]
    with open_ledger().read(person) as tx:
        rows = {entry["file_id"]: read_file(tx, entry["file_id"]) for entry in entries}
    table = [_cells(entry, rows[entry["file_id"]]) for entry in entries]
    wanted = (
        PHONE if filters.is_phone() else [key for key in table[0] if any(row[key] not in ("", None) for row in table)]
    )
    table = [{key: row[key] for key in wanted} for row in table]
    st.dataframe(
        table, hide_index=True, height="auto" if len(table) > 12 else "content", placeholder="", alt="Files of the package in their order",
        column_config={
            "#": st.column_config.NumberColumn(width=40),
            "File": st.column_config.TextColumn(width=150 if filters.is_phone() else 220),
            "Pages": st.column_config.NumberColumn(width=60),
            "Size": st.column_config.NumberColumn(format="bytes", width=80),
            "SHA-256": st.column_config.TextColumn(width=180, help="Its beginning; looking at the file shows all of it."),
        },
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        for entry in entries:
            st.button(
                f"Look at {plain(entry['name'])}", key=f"look-{entry['file_id']}", icon=":material/visibility:",
                on_click=_open, args=(entry["file_id"], entry["name"], entry["sha256"]),
            )  # fmt: skip
    if opened := st.session_state.pop("approval_file", None):
        _look(*opened)


def _cells(entry: Mapping[str, Any], row: FileRow | None) -> dict[str, object]:
    pages = row.scan_findings.get("pages") if row else None
    return {
        "#": entry["position"],
        "File": entry["name"],
        "Volume": entry["volume"],
        "Version": entry["version"],
        "Pages": pages if isinstance(pages, int) else None,
        "Size": entry["size"],
        "Type": entry["media_type"],
        "SHA-256": f"{entry['sha256'][:20]}…",
    }


def _open(file_id: str, name: str, digest: str) -> None:
    st.session_state["approval_file"] = (file_id, name, digest)


@st.dialog("What is signed", width="large")
def _look(file_id: str, name: str, digest: str) -> None:
    """Draw what a file looks like, with a link that downloads it within the next minute."""
    person = session.person(acts=True)
    st.markdown(f"**{plain(name)}**")
    st.caption("SHA-256 of its bytes:")
    st.code(digest, language=None, wrap_lines=True)
    try:
        st.link_button(
            "Download within a minute",
            link_to(current(), file_id, at=clock.now(), by=person),
            icon=":material/download:",
        )
        with st.spinner("Looking into it …"):
            preview = preview_of(open_ledger(), file_id, by=person)
    except ProcuraError as error:
        state.told(error)
        return
    if preview.note:
        st.caption(plain(preview.note))
    for block in preview.blocks:
        _draw_block(block)


def _draw_block(block: Block) -> None:
    if block.title:
        st.caption(plain(block.title))
    if block.picture:
        st.image(block.picture)
    if block.text:
        st.text(block.text)
    if block.table:
        st.dataframe([[*row] for row in block.table], hide_index=True, alt=block.title or "Cells")
