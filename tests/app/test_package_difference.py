"""What a signer reads of two packages: every difference in a line, names of others harmless."""

from streamlit.testing.v1 import AppTest


def draw_two(kind: str) -> None:
    from dataclasses import replace

    from app.widgets import package_difference
    from pipelines.submission.package_diff import difference_of
    from pipelines.submission.package_state import body_of
    from tests.factories_packages import good_state, packed

    before = good_state(packed=(packed(1), packed(2), packed(3)))
    changed = replace(
        before,
        packed=(
            packed(3),
            packed(1, sha256="ab" * 32, version=2),
            packed(4, name="**bold** [x](https://evil.example).pdf"),
        ),
        fields={"portal_name": "SAM"},
        submission=replace(before.submission, notice_hash="0123456789abcdef" * 2),
    )
    package_difference.draw(difference_of(body_of(before), body_of(changed if kind == "changed" else before)))


def drawn(kind: str) -> list[str]:
    page = AppTest.from_function(draw_two, args=(kind,), default_timeout=30).run()
    assert not page.exception
    return [str(line.value) for line in (*page.markdown, *page.caption)]


def test_the_same_package_is_said_to_be_the_same() -> None:
    assert [line for line in drawn("same") if "Nothing is different" in line]


def test_each_difference_is_one_line() -> None:
    lines = drawn("changed")
    for badge, part in (
        ("added", "bold"),
        ("removed", "Volume 2"),
        ("replaced", "abababababab…"),
        ("moved", "Volume 1"),
        ("changed", "SAM"),
        ("changed", "0123456789ab…"),
        ("changed", "nothing"),
    ):
        assert [line for line in lines if f"{badge}]" in line and part in line], (badge, part)
    assert not [line for line in lines if "[x](" in line or "**bold**" in line]
