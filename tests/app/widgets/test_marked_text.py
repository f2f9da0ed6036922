from app.widgets.marked_text import Mark, marked


def test_a_quote_is_marked_where_it_stands_and_nothing_in_it_becomes_markup() -> None:
    text = "Bring *two* [pumps](x).\nThe end."
    assert marked(text, [Mark("*two* [pumps](x)", "green")]) == (
        "Bring :green-background[\\*two\\* \\[pumps\\]\\(x\\)]\\.  \nThe end\\."
    )


def test_a_mark_over_a_line_end_is_marked_line_by_line() -> None:
    assert marked("one two\nthree four", [Mark("two\nthree", "red")]) == (
        "one :red-background[two]  \n:red-background[three] four"
    )


def test_what_stands_nowhere_or_inside_another_mark_is_left_out() -> None:
    marks = [Mark("alpha beta", "green"), Mark("beta", "red"), Mark("gamma", "orange"), Mark(" ", "red")]
    assert marked("alpha beta", marks) == ":green-background[alpha beta]"
    assert marked("plain", []) == "plain"
