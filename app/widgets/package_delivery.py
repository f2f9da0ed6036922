"""How an offer is delivered and what the solicitation states: the way and its fields, limits with who stated them.

What is typed lives in its boxes until what is stored changes: then the boxes begin anew with it, so nobody overwrites unseen.
"""

from hashlib import sha256

import streamlit as st

from app.widgets import package_deeds, package_limits
from app.widgets.text import plain
from pipelines.submission.package_state import PackageState
from warehouse.audit.canonical import encode
from warehouse.domain.access import Person
from warehouse.domain.executor import EXECUTORS, Field


def draw(found: PackageState, person: Person, *, may_edit: bool) -> None:
    """Draw the part; as boxes for who may change it, as words for everybody else."""
    st.markdown("**Delivery**")
    if not may_edit:
        _draw_words(found)
        package_limits.draw_words(found, person)
        return
    of = found.submission
    key = sha256(encode([of.id, of.executor, _jsonable(found)]).encode()).hexdigest()[:12]
    names = list(EXECUTORS)
    chosen = st.selectbox(
        "Way to deliver", names, names.index(of.executor) if of.executor in names else None, key=f"executor-{key}",
        format_func=lambda name: EXECUTORS[name].title,
    )  # fmt: skip
    if chosen is None:
        return
    kind = EXECUTORS[chosen]
    st.caption(kind.words)
    with st.form(f"delivery-{key}-{chosen}", border=False):
        for field in kind.fields:
            _draw_field(field, found.fields.get(field.name, ""), f"{key}-{chosen}-{field.name}")
        st.form_submit_button("Save delivery", on_click=_save_fields, args=(found, chosen, f"{key}-{chosen}"))
    package_limits.draw(found, person, key)


def _save_fields(found: PackageState, executor: str, key: str) -> None:
    fields = {f.name: str(st.session_state.get(f"{key}-{f.name}") or "") for f in EXECUTORS[executor].fields}
    package_deeds.save_delivery(found, executor, fields, package_deeds.stated(found), "The delivery is saved.")


def _draw_field(field: Field, value: str, key: str) -> None:
    label = field.label if field.is_required else f"{field.label} (optional)"
    if field.has_lines:
        st.text_area(label, value, key=key, help=field.help, max_chars=field.longest, height=110)
    else:
        st.text_input(label, value, key=key, help=field.help, max_chars=field.longest)


def _draw_words(found: PackageState) -> None:
    kind = found.executor
    st.markdown(plain(kind.title if kind else found.submission.executor))
    labels = {field.name: field.label for field in kind.fields} if kind else {}
    for name, text in found.fields.items():
        st.caption(plain(labels.get(name, name)))
        st.text(text)


def _jsonable(found: PackageState) -> object:
    limits = {name: [str(getattr(found.limits, name)), source.quote] for name, source in found.limits.sources.items()}
    return [dict(found.fields), limits]
