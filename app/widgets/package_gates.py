"""The gates of a package as a list: what says no first, with the one thing to do; what holds in one line each."""

from collections.abc import Sequence

import streamlit as st

from app.widgets.text import plain
from warehouse.domain.package import Gate


def draw(gates: Sequence[Gate]) -> None:
    """Draw the list."""
    closed = [gate for gate in gates if not gate.passed]
    st.markdown(f"**Gates** · {len(gates) - len(closed)} of {len(gates)} say yes")
    with st.container(gap="small"):
        for gate in closed:
            st.markdown(
                f":red-badge[no] **{plain(gate.name)}.** {plain(gate.reason)}  \n:small[To do: {plain(gate.todo)}]"
            )
        for gate in gates:
            if gate.passed and gate.warns:
                st.markdown(f":orange-badge[yes, but] **{plain(gate.name)}.** {plain(gate.reason)}")
    # Its name bears no number: an expander that is named anew closes.
    with st.expander("What holds"), st.container(gap="xsmall"):
        for gate in gates:
            if gate.passed and not gate.warns:
                st.markdown(f":green-badge[yes] {plain(gate.name)}. :small[{plain(gate.reason)}]")
