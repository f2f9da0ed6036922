"""What came of a deed is told once: through the page's own drawings, until the person's next deed."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from app import session
    from app.widgets import told
    from warehouse.errors import BadInput

    def deed(kind: str) -> None:
        def refuse() -> None:
            raise BadInput("It is too long.", kept="what was there.", todo="shorten it.")

        told.attempt("here", refuse if kind == "refused" else lambda: None, "It is saved.")

    def count() -> None:
        told.leave("there", (2, 1))

    def say(done: tuple[int, int]) -> None:
        st.info(f"{done[0]} changed, {done[1]} left")

    told.tell("here")
    told.tell("there", say)
    st.button("Save", on_click=deed, args=("done",))
    st.button("Save too much", on_click=deed, args=("refused",))
    st.button("Something else")
    st.button("Save many", on_click=count)
    st.button("Save and forget", on_click=lambda: (deed("refused"), told.forget("here")))
    session.end_refresh()


def redrawn(app: AppTest) -> AppTest:
    """The page as it draws itself anew because somebody else did something."""
    from app.session import REFRESHES

    app.session_state[REFRESHES] = True
    return app.run()


def test_words_stay_while_the_page_draws_itself_anew_and_go_with_the_next_deed() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert [box.value for box in app.success] == []
    app.button[0].click().run()
    assert [box.value for box in app.success] == ["It is saved."]
    assert [box.value for box in redrawn(app).success] == ["It is saved."]
    assert [box.value for box in redrawn(app).success] == ["It is saved."]
    app.button[2].click().run()
    assert [box.value for box in app.success] == []
    assert [box.value for box in redrawn(app).success] == []


def test_same_words_are_told_again_for_the_same_deed_again() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    for _ in range(2):
        app.button[0].click().run()
        assert [box.value for box in app.success] == ["It is saved."]


def test_refusal_says_what_was_kept_and_what_to_do_instead_of_the_words() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    app.button[0].click().run()
    app.button[1].click().run()
    assert [box.value for box in app.success] == []
    assert "shorten it" in app.warning[0].value
    assert "what was there" in app.warning[0].value


def test_refusal_stays_and_goes_as_words_do() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    app.button[1].click().run()
    assert len(redrawn(app).warning) == 1
    app.button[2].click().run()
    assert len(app.warning) == 0


def test_what_is_forgotten_is_not_told() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    app.button[4].click().run()
    assert len(app.warning) == 0


def test_place_says_in_its_own_way_what_is_more_than_words() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    app.button[3].click().run()
    assert ([box.value for box in app.info], len(app.success)) == (["2 changed, 1 left"], 0)


def test_what_stands_below_keeps_its_place() -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    before = [key for key, block in app.main.children.items() if block.type == "button"]
    app.button[0].click().run()
    assert [key for key, block in app.main.children.items() if block.type == "button"] == before
