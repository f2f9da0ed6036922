"""Fields of many makes, found as a person finds them: each is filled, chosen, ticked or given files, or the step says why not."""

# ruff: noqa: E501 - pages stand here as they are served

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.submission.browser.recipe_ends import PageChanged, SaysNo
from pipelines.submission.browser.recipe_steps import Follower
from tests.fakes.pages import Pages, served
from tests.pipelines.submission.recipes import (
    Opened,
    follower_on,
    opened,
    parcel_in,
    profile_of,
    recipe_of,
    started_browser,
)

pytestmark = pytest.mark.browser
END = """
accepted = "Thank you"
messages = [".error"]
[[browser.steps]]
upload = "all"
[[browser.steps]]
click = "Send"
is_last_act = true
[browser.receipt]
pattern = 'number (\\d+)'
"""
SHOW = "<script>onsubmit = e => { e.preventDefault(); }; const says = t => document.querySelector('#says').textContent = t;</script><p id=says></p>"


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with served({"/": "start"}) as pages:
        yield pages


@pytest.fixture(scope="module")
def window(server: Pages) -> Iterator[Opened]:
    """One window for all of it: each test goes to its own page."""
    with started_browser() as browser, opened(browser, (server.host,), messages=(".error",)) as on:
        yield on


class Site:
    """Serves one page and follows steps on it."""

    def __init__(self, server: Pages, on: Opened, folder: Path) -> None:
        self.server, self._on, self._folder = server, on, folder

    def follow(self, body: str, steps: str, **files: bytes) -> Follower:
        """Follow steps on a page and return what is there afterwards."""
        self.server.pages["/"] = body + SHOW
        recipe = END.replace('messages = [".error"]\n', f'messages = [".error"]\n{steps}\n')
        profile = profile_of(self.server.address, recipe)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        with parcel_in(folder, profile, entries="Topic: Groundwater", **(files or {"a__pdf": b"one"})) as parcel:
            follower = follower_on(self._on, recipe_of(profile), parcel)
            follower.go_to("/")
            follower.follow(follower.recipe.steps[:-2])
            return follower


@pytest.fixture
def site(server: Pages, window: Opened, tmp_path: Path) -> Site:
    return Site(server, window, tmp_path)


def value(follower: Follower, script: str) -> object:
    return follower.window.page.evaluate(script)


def step(text: str) -> str:
    return "[[browser.steps]]\n" + text


FIELDS = {
    "label tied by for": '<label for=a>Title *</label><input id=a>',
    "label around it": "<label>Title: <input id=a></label>",
    "label with a hint inside": "<label for=a>Title <small>at most 200</small></label><input id=a>",
    "label with its words in a part": "<label for=a><span>Title</span><span class=req>(required)</span></label><input id=a>",
    "aria-label": '<input id=a aria-label="title">',
    "aria-labelledby": "<span id=l>Title</span><input id=a aria-labelledby=l>",
    "words beside it in a table": "<table><tr><td>Author<td><input><tr><td>Title:<td><input id=a></table>",
    "two fields in one row of a table": "<table><tr><th>Title<td><input id=a><th>Author<td><input></table>",
    "words above it": "<div class=g><div>Author</div><input></div><div class=g><div>Title</div><input id=a></div>",
    "label that is tied to nothing": "<div><label>Title</label><div><input id=a></div></div><div><label>Author</label><input></div>",
    "list of terms": "<dl><dt>Title<dd><input id=a><dt>Author<dd><input></dl>",
    "shadow of a component": "<x-f></x-f><script>customElements.define('x-f', class extends HTMLElement { connectedCallback() {"
    " this.attachShadow({mode:'open'}).innerHTML = '<label>Title <input id=a></label>'; } })</script>",
    "field that comes late": "<div id=d></div><script>setTimeout(() => d.innerHTML = '<label>Title <input id=a></label>', 700)</script>",
    "one that is hidden and one that is not": "<label style='display:none'>Title <input></label><label>Title <input id=a></label>",
    "long text": "<label>Title <textarea id=a>old</textarea></label>",
}  # fmt: skip


@pytest.mark.parametrize("body", FIELDS.values(), ids=FIELDS.keys())
def test_field_is_found_by_its_label(site: Site, body: str) -> None:
    follower = site.follow(body, step('fill = "{title}"\nlabel = "Title"'))
    assert (
        value(follower, "(document.querySelector('x-f')?.shadowRoot ?? document).querySelector('#a').value")
        == "Pumps for the east bank"
    )


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ('<input name="offer[title]" id=a><input>', 'name = "offer[title]"'),
        ('<input placeholder="Your title" id=a><input>', 'placeholder = "Your title"'),
        ('<input><input class=t id=a>', 'css = "input.t"'),
        ('<div class=x><input></div><div class=y><input id=a></div>', 'css = "input"\nwithin = ".y"'),
        ('<table><tr><td>One<td><input aria-label=Price><tr><td>Two<td><input id=a aria-label=Price></table>', 'label = "Price"\nin_row = "Two"'),
        ('<input aria-label=Price><input id=a aria-label=Price>', 'label = "Price"\nplace = -1'),
        ('<label>Title of the project (at most 200)<input id=a></label>', 'label = "Title of the…"'),
        ('<label>Title of the lead<input></label><label>Title<input id=a></label>', 'label = "Title"'),
    ],
)  # fmt: skip
def test_field_is_found_in_other_ways(site: Site, body: str, target: str) -> None:
    follower = site.follow(body, step(f'fill = "{{title}}"\n{target}'))
    assert value(follower, "a.value") == "Pumps for the east bank"


def test_field_in_a_frame_is_found(site: Site) -> None:
    site.server.pages["/inner"] = "<label>Title <input id=a></label>"
    follower = site.follow(
        "<iframe src=/inner title='The form'></iframe>", step('fill = "x"\nlabel = "Title"\nframe = "The form"')
    )
    assert value(follower, "frames[0].document.querySelector('#a').value") == "x"


EDITORS = {
    "rich text in the page": ("<label id=l>Summary</label><div contenteditable=true aria-labelledby=l id=a><p>old</p></div>", "a.innerText.trim()"),
    "rich text without a label of its own": ("<div><label>Summary</label><div><div contenteditable=true id=a>old</div></div></div>", "a.innerText.trim()"),
    "editor in a frame over a hidden field": (
        "<div><label for=t>Summary</label><textarea id=t style='display:none'></textarea><iframe id=f></iframe></div>"
        "<script>f.contentDocument.body.contentEditable = true</script>", "f.contentDocument.body.innerText.trim()"),
    "Markdown editor over a hidden field": (
        "<div><label for=t>Summary</label><textarea id=t style='display:none'></textarea><div class=CodeMirror><div contenteditable=true id=a>old</div></div></div>",
        "a.innerText.trim()"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "script"), EDITORS.values(), ids=EDITORS.keys())
def test_editor_of_text_is_typed_into(site: Site, body: str, script: str) -> None:
    follower = site.follow(body, step('fill = "Two pumps."\nlabel = "Summary"'))
    assert value(follower, script) == "Two pumps."


SCRIPTED = """<div><label id=l>Topic</label><div class=box role=combobox aria-labelledby=l tabindex=0 id=b>none</div><ul hidden id=u>
<li>Rivers</li><li>Groundwater</li><li>Groundwater and rivers</li></ul></div>
<script>b.onclick = () => u.hidden = false; u.onclick = e => { b.textContent = e.target.textContent; u.hidden = true; }</script>"""
SEARCHED = """<div><label for=i>Topic</label><input id=i role=combobox autocomplete=off><div id=u></div></div>
<script>i.oninput = () => setTimeout(() => u.innerHTML = i.value.length > 2 ? '<div role=option>Groundwater</div>' : '', 150);
u.onclick = e => { i.value = e.target.textContent; u.innerHTML = ''; }</script>"""
FACADE = """<div><label for=s>Topic</label><select id=s style="position:absolute;opacity:0;width:1px;height:1px"><option><option>Rivers<option>Groundwater</select>
<span class="select2-container"><span id=b>Pick one</span></span></div><div id=u hidden><ul role=listbox><li role=option>Rivers</li><li role=option>Groundwater</li></ul></div>
<script>b.parentNode.onclick = () => u.hidden = false; u.onclick = e => { s.value = e.target.textContent; b.textContent = s.value; u.hidden = true; }</script>"""
CHOICES = {
    "list": ("<label>Topic <select id=a><option>Rivers<option>Groundwater</select></label>", "a.value"),
    "list that fills late": ("<label>Topic <select id=a></select></label><script>setTimeout(() => a.innerHTML = '<option>Rivers<option>Groundwater', 600)</script>", "a.value"),
    "list with values of its own": ("<label>Topic <select id=a><option value=1>Rivers<option value=2> Groundwater\n</select></label>", "a.value === '2' ? 'Groundwater' : a.value"),
    "scripted list": (SCRIPTED, "b.textContent"),
    "list that is searched by typing": (SEARCHED, "i.value"),
    "list behind a scripted front": (FACADE, "s.value"),
    "radio buttons in a group": ("<fieldset><legend>Topic</legend><label><input type=radio name=t value=Rivers> Rivers</label>"
                                 "<label><input type=radio name=t value=Groundwater> Groundwater</label></fieldset>", "document.querySelector(':checked').value"),
    "radio buttons in a table": ("<table><tr><td>Topic<td><input type=radio name=t value=r>Rivers <input type=radio name=t value=Groundwater>Groundwater</table>",
                                 "document.querySelector(':checked').value"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "script"), CHOICES.values(), ids=CHOICES.keys())
def test_entry_is_chosen(site: Site, body: str, script: str) -> None:
    follower = site.follow(body, step('choose = "{field.Topic}"\nlabel = "Topic"'))
    assert value(follower, script) == "Groundwater"


BOXES = {
    "box": "<label><input type=checkbox id=a> I agree.</label>",
    "box with its words beside it": "<table><tr><td><input type=checkbox id=a><td>I agree.</table>",
    "box hidden behind its label": "<input type=checkbox id=a style='position:absolute;opacity:0'><label for=a>I agree.</label>",
    "switch": "<div role=switch aria-checked=false aria-label='I agree.' id=a tabindex=0 onclick='a.setAttribute(\"aria-checked\", a.checked = true)'>off</div>",
}  # fmt: skip


@pytest.mark.parametrize("body", BOXES.values(), ids=BOXES.keys())
def test_box_is_ticked(site: Site, body: str) -> None:
    follower = site.follow(body, step('tick = "I agree."'))
    assert value(follower, "a.checked") is True


def test_tick_is_taken_away(site: Site) -> None:
    follower = site.follow(
        "<label><input type=checkbox id=a checked> News</label>", step('tick = false\nlabel = "News"')
    )
    assert value(follower, "a.checked") is False


NAMES = "[...a.files].map(f => f.name).join()"
UPLOADS = {
    "one field for all": ("<label>Documents <input type=file multiple id=a></label>", 'upload = "all"\nlabel = "Documents"'),
    "the only field of the page": ("<input type=file multiple id=a>", 'upload = "all"'),
    "hidden field behind a zone to drop files": ("<div style='height:90px'>Drop files here</div><input type=file multiple id=a hidden>", 'upload = "all"'),
    "button that opens the choice": (
        "<button type=button id=b>Choose files…</button><input type=file multiple id=a hidden><input type=file hidden><script>b.onclick = () => a.click()</script>",
        'upload = "all"\nchooser = "Choose files"'),
}  # fmt: skip


@pytest.mark.parametrize(("body", "text"), UPLOADS.values(), ids=UPLOADS.keys())
def test_files_are_given(site: Site, body: str, text: str) -> None:
    follower = site.follow(body, step(text), Volume_I__pdf=b"one", Volume_II__pdf=b"two")
    assert value(follower, NAMES) == "Volume_I.pdf,Volume_II.pdf"
    assert follower.uploaded == {"Volume_I.pdf", "Volume_II.pdf"}


def test_each_file_has_a_form_of_its_own(site: Site) -> None:
    body = """<button id=b type=button>Add another</button><div id=d></div><script>b.onclick = () => d.insertAdjacentHTML('beforeend',
      '<fieldset><input type=file><input aria-label=Name></fieldset>')</script>"""
    steps = """[[browser.steps]]
for_each_file = "all"
[[browser.steps.steps]]
click = "Add another"
[[browser.steps.steps]]
upload = "this"
css = "input[type=file]"
place = -1
[[browser.steps.steps]]
fill = "{file.number}: {file.stem}"
label = "Name"
place = -1
"""
    follower = site.follow(body, steps, one__pdf=b"1", two__pdf=b"2")
    assert (
        value(
            follower,
            "[...document.querySelectorAll('fieldset')].map(f => f.children[0].files[0].name + ' ' + f.children[1].value).join()",
        )
        == "one.pdf 1: one,two.pdf 2: two"
    )


WIZARD = """<h1 id=h>Page 1</h1><button id=b onclick="h.textContent = 'Page ' + (1 + +h.textContent.slice(5)); if (h.textContent == 'Page 4') h.textContent = 'Review'">Next »</button>"""


def test_wizard_is_gone_through_until_its_last_page(site: Site) -> None:
    steps = '[[browser.steps]]\nrepeat_until = "Review"\nat_most = 5\n[[browser.steps.steps]]\nclick = "Next"\n'
    follower = site.follow(WIZARD, steps)
    assert value(follower, "h.textContent") == "Review"


def test_wizard_without_an_end_stops(site: Site) -> None:
    steps = '[[browser.steps]]\nrepeat_until = "Never"\nat_most = 2\nseconds = 0.2\n[[browser.steps.steps]]\nclick = "Next"\n'
    with pytest.raises(PageChanged, match="after 2 times"):
        site.follow(WIZARD, steps)


@pytest.mark.parametrize(
    ("body", "clicked"),
    [("<button onclick='says(1)'>Accept</button>We use cookies", "1"), ("Nothing of that kind", "")],
)
def test_step_is_done_only_when_the_page_shows_what_it_is_for(site: Site, body: str, clicked: str) -> None:
    steps = '[[browser.steps]]\nwhen = "We use cookies"\nseconds = 0.3\n[[browser.steps.steps]]\nclick = "Accept"\n'
    follower = site.follow(body, steps)
    assert value(follower, "document.querySelector('#says').textContent") == clicked


def test_progress_is_waited_for(site: Site) -> None:
    body = "<p id=p>Uploading…</p><script>setTimeout(() => p.textContent = 'All is there', 900)</script>"
    site.follow(body, step('expect_gone = "Uploading"') + "\n" + step('expect = "All is there"'))


CLICKS = {
    "button": "<button onclick='says(1)'>  Save &amp; go\non » </button>",
    "input": "<input type=button value='Save & go on' onclick='says(1)'>",
    "link": "<a href=# onclick='says(1)'>Save & go on</a>",
    "icon with a name": "<button aria-label='Save & go on' onclick='says(1)'>→</button>",
    "icon beside the words": "<button onclick='says(1)'><i>disk</i> Save & go on</button>",
    "role": "<div role=button tabindex=0 onclick='says(1)'>Save & go on</div>",
    "one of two is hidden": "<button hidden>Save & go on</button><button onclick='says(1)'>Save & go on</button>",
}


@pytest.mark.parametrize("body", CLICKS.values(), ids=CLICKS.keys())
def test_button_is_found_by_its_words(site: Site, body: str) -> None:
    follower = site.follow(body, step('click = "Save & go on"'))
    assert value(follower, "document.querySelector('#says').textContent") == "1"


@pytest.mark.parametrize(
    ("body", "text", "words"),
    [
        ("<label>Name <input></label>", 'fill = "x"\nlabel = "Title"', "the page has 'Name'"),
        ("<label>Title of the lead <input></label>", 'fill = "x"\nlabel = "Title"', "the page has 'Title of the lead"),
        ("<input aria-label=Title><input aria-label=Title>", 'fill = "x"\nlabel = "Title"', "2 things fit"),
        ("<button>Send it</button>", 'click = "Send"', "'Send it'"),
        ("<label>Topic <select><option>Rivers</select></label>", 'choose = "Groundwater"\nlabel = "Topic"\nseconds = 0.3', "it has 'Rivers'"),
        ("<label>Title <input maxlength=5></label>", 'fill = "longer than that"\nlabel = "Title"', "took 5 of 16"),
        ("<input type=file>", 'upload = "all"', "one file at a time"),
        ("<button disabled>Go</button>", 'click = "Go"\nseconds = 0.3', "not possible to click"),
        ("<label>Title <input></label>", 'fill = "{field.Missing}"\nlabel = "Title"', "add a line Missing"),
        ("<div style='position:fixed;inset:0;background:#fff'>Read this first</div><button>Go</button>", 'click = "Go"\nseconds = 0.5', "not possible to click"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_stops_and_says_what_is_there(site: Site, body: str, text: str, words: str) -> None:
    with pytest.raises(PageChanged) as stopped:
        site.follow(body, step(text + ("" if "seconds" in text else "\nseconds = 0.5")), a__pdf=b"1", b__pdf=b"2")
    assert words in str(stopped.value)


def test_message_ends_a_step_at_once_in_the_pages_words(site: Site) -> None:
    body = "<input type=file id=a onchange=\"document.querySelector('.error').textContent = a.files[0].name + ' is of no type that we take'\"><p class=error></p>"
    with pytest.raises(SaysNo, match=r"^a\.exe is of no type that we take$"):
        site.follow(body, step('upload = "all"') + "\n" + step('expect = "Uploaded"\nseconds = 30'), a__exe=b"MZ")


def test_message_that_stood_there_before_anything_was_done_ends_nothing(site: Site) -> None:
    follower = site.follow(
        "<p class=error>Welcome</p><label>Title <input id=a></label>", step('fill = "x"\nlabel = "Title"')
    )
    assert value(follower, "a.value") == "x"


def test_dialog_is_answered_as_the_step_says(site: Site) -> None:
    body = "<button onclick=\"says(confirm('Sure?') ? 'yes' : 'no')\">Go</button>"
    for answer, said in (('dialog = "accept"', "yes"), ('dialog = "dismiss"', "no"), ("", "no")):
        follower = site.follow(body, step(f'click = "Go"\n{answer}'))
        assert value(follower, "document.querySelector('#says').textContent") == said


def test_link_to_another_window_opens_in_this_one(site: Site) -> None:
    site.server.pages["/next"] = "Here we are"
    follower = site.follow(
        "<a href=/next target=_blank>Apply</a>",
        step('click = "Apply"\nsame_window = true') + "\n" + step('expect = "Here we are"'),
    )
    assert follower.window.page.url.endswith("/next")
