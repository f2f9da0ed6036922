"""The product's settings with what each value means; who may can change them."""

import streamlit as st

from app import session
from app.widgets import state, told
from app.widgets.text import plain
from pipelines.administration.system_settings import NumberSetting, SystemSetting, list_settings, set_setting
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger

PLACE = "setting"


def draw(person: Person) -> None:
    """Draw each setting with its values in words."""
    told.tell(PLACE)
    may_edit = access.may(person, Action.EDIT_SETTINGS)
    for setting, value in list_settings(open_ledger(), by=person):
        _draw(setting, value, may_edit=may_edit)


def _draw(setting: SystemSetting | NumberSetting, now: str, *, may_edit: bool) -> None:
    with st.form(setting.key):
        chosen = _ask(setting, now, may_edit=may_edit)
        is_sent = st.form_submit_button("Save", disabled=not may_edit, help=None if may_edit else "An admin can.")
    if is_sent and chosen is not None:
        _save(setting, chosen)


def _ask(setting: SystemSetting | NumberSetting, now: str, *, may_edit: bool) -> str | None:
    if isinstance(setting, NumberSetting):
        return _ask_number(setting, now, may_edit=may_edit)
    return _ask_choice(setting, now, may_edit=may_edit)


def _ask_number(setting: NumberSetting, now: str, *, may_edit: bool) -> str:
    number = st.number_input(
        f"**{setting.title}** ({setting.unit})",
        setting.lowest,
        setting.highest,
        int(setting.stored(now) or setting.default),
        key=f"setting {setting.key}",
        disabled=not may_edit,
    )
    st.caption(setting.meaning)
    return str(number)


def _ask_choice(setting: SystemSetting, now: str, *, may_edit: bool) -> str | None:
    values = list(setting.values)
    chosen = st.radio(
        f"**{setting.title}**",
        values,
        values.index(now) if now in values else None,
        captions=list(setting.values.values()),
        key=f"setting {setting.key}",
        disabled=not may_edit,
    )
    return chosen


def _save(setting: SystemSetting | NumberSetting, value: str) -> None:
    try:
        has_changed = set_setting(open_ledger(), setting.key, value, by=session.person())
    except ProcuraError as error:
        state.told(error)
        return
    shown = f"{int(value):,} {setting.unit}" if isinstance(setting, NumberSetting) else value
    said = f"is {shown} from now on" if has_changed else f"was {shown} already"
    told.leave(PLACE, f"**{setting.title}** {plain(said)}.")
    st.rerun()
