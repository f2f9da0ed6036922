"""What a run keeps holds no secret: pictures are covered, texts are cleaned, and what cannot be covered is not pictured."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.fakes.pages import Pages, served
from tests.pipelines.submission.recipes import SECRETS, Opened, opened, started_browser
from warehouse.domain.delivery import EvidenceKind

pytestmark = pytest.mark.browser
GREY = (0x7A, 0x7A, 0x7A)


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with served({}) as pages:
        yield pages


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_browser() as one:
        yield one


@pytest.fixture
def on(browser: Browser, server: Pages) -> Iterator[Opened]:
    with opened(browser, (server.host,)) as one:
        yield one


def shown(on: Opened, server: Pages, body: str) -> None:
    server.pages["/"] = body
    on.window.open(server.address + "/")


def typed(on: Opened, selector: str, name: str = "password") -> None:
    element = on.window.page.query_selector(selector)
    assert element is not None
    on.typing.fill_secret(element, name)


def colour_at(on: Opened, selector: str) -> tuple[int, ...]:
    """The colour in the middle of a field on the newest picture."""
    element = on.window.page.query_selector(selector)
    assert element is not None
    box = element.bounding_box()
    assert box is not None
    picture = Image.open(io.BytesIO([one for one in on.desk.kept if one.kind is EvidenceKind.SCREENSHOT][-1].data))
    found = picture.convert("RGB").getpixel((int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)))
    assert isinstance(found, tuple)
    return found


def test_password_field_is_covered_before_anything_is_typed(on: Opened, server: Pages) -> None:
    shown(on, server, "<input type=password id=a><input id=b>")
    on.pictures.take("sign-in")
    assert colour_at(on, "#a") == GREY
    assert colour_at(on, "#b") != GREY


def test_field_with_a_credential_stays_covered_when_the_page_shows_it(on: Opened, server: Pages) -> None:
    shown(on, server, "<input type=password id=a><button onclick=\"a.type = 'text'\">Show</button>")
    typed(on, "#a")
    on.window.page.click("button")
    on.pictures.take("shown")
    assert on.window.page.input_value("#a") == SECRETS["password"]
    assert colour_at(on, "#a") == GREY


def test_field_to_which_the_page_copies_a_secret_is_covered(on: Opened, server: Pages) -> None:
    shown(on, server, "<input type=password id=a oninput='b.value = a.value'><input id=b>")
    typed(on, "#a")
    on.pictures.take("copied")
    assert colour_at(on, "#b") == GREY


def test_page_on_which_a_secret_can_be_read_is_not_pictured(on: Opened, server: Pages) -> None:
    shown(on, server, "<input type=password id=a oninput='c.textContent = a.value'><p id=c>")
    typed(on, "#a")
    assert on.pictures.take("echo") is None
    on.pictures.keep_page("echo")
    on.pictures.keep_trace()
    assert SECRETS["password"] not in on.desk.texts()
    assert "***" in on.desk.texts()
    assert [one for one in on.desk.kept if one.kind is EvidenceKind.SCREENSHOT] == []


def test_user_name_is_covered_in_its_field_and_may_be_read_elsewhere(on: Opened, server: Pages) -> None:
    shown(on, server, "<input id=a oninput='c.textContent = a.value'><p id=c>")
    typed(on, "#a", "user")
    assert on.pictures.take("signed in") is not None
    assert colour_at(on, "#a") == GREY


def test_values_of_fields_are_not_in_the_reduced_page(on: Opened, server: Pages) -> None:
    shown(
        on, server, "<input id=a value='typed by us' data-x=1 class=k><script>var secret = 1</script><style>p{}</style>"
    )
    on.pictures.keep_page("stop")
    kept = on.desk.texts()
    assert 'id="a"' in kept
    assert 'class="k"' in kept
    assert "typed by us" not in kept
    assert "var secret" not in kept


def test_trace_names_addresses_without_their_query(on: Opened, server: Pages) -> None:
    server.pages["/"] = "Here"
    on.window.open(server.address + "/?token=abc123")
    on.pictures.note("browser.steps[1]", "go to it")
    on.pictures.keep_trace()
    assert "abc123" not in on.desk.texts()
    assert '"step": "browser.steps[1]"' in on.desk.texts()


def test_very_tall_page_is_pictured_as_far_as_it_is_in_sight(on: Opened, server: Pages) -> None:
    shown(on, server, "<div style='height:40000px'>tall</div>")
    on.pictures.take("tall")
    assert Image.open(io.BytesIO(on.desk.kept[-1].data)).height == 1000


def test_no_error_of_the_driver_quotes_a_secret(on: Opened, server: Pages, tmp_path: Path) -> None:
    shown(on, server, "<input type=password id=a readonly>")
    with pytest.raises(Exception, match="did not take it") as failed:
        typed(on, "#a")
    assert SECRETS["password"] not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
