"""The files of a package beside those that are not in it: adding, ordering, naming, taking out.

A click says upon which version of the offer it was made; what somebody else changed meanwhile is not overwritten.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.widgets import package_deeds
from app.widgets.text import plain
from pipelines.submission.package import count_pages, set_items
from pipelines.submission.package_edits import propose_name
from pipelines.submission.package_state import PackageState, Packed
from warehouse.domain.package import PackageItem, size_words, type_of
from warehouse.ledger.submission_files import FileRow

NO_VOLUME = "No volume"


def draw(found: PackageState, *, may_edit: bool) -> None:
    """Draw both lists; the buttons only for who may change the package."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        _draw_others(found, may_edit=may_edit)
    with right:
        st.markdown(f"**In the package** · {len(found.packed)}")
        if not found.packed:
            st.caption("Nothing yet. Files go out in the order in which they stand here.")
        for place, packed in enumerate(found.packed):
            with st.container(border=True, gap="xsmall"):
                _draw_packed(found, place, packed, may_edit=may_edit)


def _draw_others(found: PackageState, *, may_edit: bool) -> None:
    st.markdown(f"**Not in the package** · {len(found.others)}")
    if not found.others:
        st.caption("Every file of the offer is in the package." if found.packed else "Upload a file under Files first.")
    for file in found.others:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{plain(file.file_name)}  \n:small[{_facts(file)}]")
            if may_edit:
                st.button("Add", key=f"add-{file.document_id}", on_click=_add, args=(found, (file,)))
    passing = tuple(file for file in found.others if file.passes)
    if may_edit and len(passing) > 1:
        st.button(f"Add all {len(passing)} that are scanned", key="add-all", on_click=_add, args=(found, passing))


def _draw_packed(found: PackageState, place: int, packed: Packed, *, may_edit: bool) -> None:
    st.markdown(f"{place + 1} · **{plain(packed.name)}**")
    volume = f"{plain(packed.item.volume)} · " if packed.item.volume else ""
    if packed.file is None:
        st.caption(f"{volume}:red[removed from the workspace]")
    else:
        st.caption(f"{volume}{_facts(packed.file)}{_pages(found, packed)} · SHA-256 `{packed.file.sha256[:12]}…`")
    if not may_edit:
        return
    last = len(found.packed) - 1
    with st.container(horizontal=True, gap="small"):
        key = packed.item.document_id
        st.button("Up", key=f"up-{key}", on_click=_move, args=(found, place, -1), disabled=place == 0, type="tertiary",
                  help="Earlier in the package")  # fmt: skip
        st.button("Down", key=f"down-{key}", on_click=_move, args=(found, place, 1), disabled=place == last, type="tertiary",
                  help="Later in the package")  # fmt: skip
        with st.popover("Name and volume", type="tertiary", key=f"edit-{key}"):
            _draw_naming(found, place, packed)
        st.button("Take out", key=f"out-{key}", on_click=_take_out, args=(found, place), type="tertiary",
                  help="The file stays in the workspace")  # fmt: skip


def _draw_naming(found: PackageState, place: int, packed: Packed) -> None:
    # What is typed lives as long as what it replaces: a change of the same file by somebody else begins it anew.
    item = packed.item
    key = f"{item.document_id}-{item.package_name}-{item.volume}"
    with st.form(f"naming-{key}", border=False):
        st.text_input("Name in the package", item.package_name, key=f"name-{key}", max_chars=200,
                      help="Empty: as the solicitation's template gives it, or the file's own.")  # fmt: skip
        volumes = list(dict.fromkeys(v for v in (*found.limits.volumes, item.volume) if v))
        options = [NO_VOLUME, *volumes]
        st.selectbox("Volume", options, options.index(item.volume) if item.volume else 0, key=f"volume-{key}",
                     accept_new_options=True)  # fmt: skip
        st.form_submit_button("Save", type="primary", on_click=_name, args=(found, place, key))
    file = packed.file
    if file is not None and "pages" not in file.scan_findings:
        with st.form(f"pages-{file.id}", border=False):
            st.number_input("Pages, as you counted them", 1, value=packed.counted, key=f"pages-of-{file.id}", step=1,
                            help="The product cannot count the pages of this kind of file.")  # fmt: skip
            st.form_submit_button("Save the count", on_click=_count, args=(found, file.id))


def _items(found: PackageState) -> list[PackageItem]:
    return [packed.item for packed in found.packed]


def _save(found: PackageState, items: Sequence[PackageItem]) -> None:
    of = found.submission
    package_deeds.attempt(lambda ledger, by, at: set_items(ledger, of.id, items, version=of.version, at=at, by=by))


def _add(found: PackageState, files: Sequence[FileRow]) -> None:
    items = _items(found)
    for file in files:
        name = propose_name(found, file, place=len(items) + 1, taken=[item.package_name for item in items])
        items.append(PackageItem(file.document_id, name))
    _save(found, items)


def _move(found: PackageState, place: int, step: int) -> None:
    items = _items(found)
    items[place], items[place + step] = items[place + step], items[place]
    _save(found, items)


def _take_out(found: PackageState, place: int) -> None:
    items = _items(found)
    del items[place]
    _save(found, items)


def _name(found: PackageState, place: int, key: str) -> None:
    items, packed = _items(found), found.packed[place]
    volume = str(st.session_state.get(f"volume-{key}") or "")
    name = str(st.session_state.get(f"name-{key}") or "").strip()
    item = replace(items[place], volume="" if volume == NO_VOLUME else volume)
    if not name and packed.file is not None:
        taken = [other.package_name for other in items if other is not items[place]]
        name = propose_name(found, packed.file, place=place + 1, taken=taken, volume=item.volume)
    items[place] = replace(item, package_name=name)
    _save(found, items)


def _count(found: PackageState, file_id: str) -> None:
    of, pages = found.submission, st.session_state.get(f"pages-of-{file_id}")
    if pages:
        package_deeds.attempt(
            lambda ledger, by, at: count_pages(ledger, of.id, file_id, int(pages), version=of.version, at=at, by=by)
        )


def _facts(file: FileRow) -> str:
    scan = "" if file.passes else f" · :red[{plain(file.scan_status.value.replace('_', ' '))}]"
    return f"{plain(type_of(file.media_type))}, {size_words(file.size_bytes)}, version {file.version}{scan}"


def _pages(found: PackageState, packed: Packed) -> str:
    if packed.pages is not None:
        counted = " (counted by hand)" if packed.is_counted else ""
        return f" · {packed.pages} {'page' if packed.pages == 1 else 'pages'}{counted}"
    # Of a table or a text nobody asks for pages, unless the solicitation limits them.
    return " · :orange[pages not known]" if packed.item.volume in found.limits.pages else ""
