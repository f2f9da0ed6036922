"""The route of downloads over ASGI: an attachment and nothing else, whole, for whoever the link was made for."""

import io
import random
from email.message import Message
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from app.cookies import session_cookie
from app.download import disposition
from pipelines.administration.sessions import person_of_session
from pipelines.administration.sign_in import sign_in
from pipelines.submission.download_links import link_to
from pipelines.submission.files import upload_file
from tests.factories_people import PASSWORD, new_person
from tests.factories_submissions import new_submission
from tests.pipelines.submission.test_files import PROGRAM
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submission_files import FileRow
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

BASE = "http://127.0.0.1:8501"
HTML = {"accept": "text/html,*/*"}


@pytest.fixture
def reader(home: Settings) -> tuple[TestClient, Person]:
    """A browser in which somebody is signed in."""
    from app.main import app

    done = sign_in(open_ledger(), new_person().email, PASSWORD, "127.0.0.1", at=clock.now())
    token = done.token  # type: ignore[union-attr]
    client = TestClient(app, base_url=BASE, follow_redirects=False, cookies={session_cookie(): token})
    return client, person_of_session(open_ledger(), token, at=clock.now())


def up(by: Person, data: bytes, name: str) -> FileRow:
    return upload_file(open_ledger(), new_submission(by), io.BytesIO(data), name, at=clock.now(), by=by)


def test_a_file_comes_as_an_attachment_that_nothing_draws_or_keeps(
    home: Settings, reader: tuple[TestClient, Person]
) -> None:
    client, person = reader
    text = "Unser Angebot für Köln\n" * 200_000
    file = up(person, text.encode(), "Angebot für Köln.txt")
    answer = client.get(link_to(home, file.id, at=clock.now(), by=person), headers={**HTML, "accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.content == text.encode()
    heads = answer.headers
    assert heads["content-length"] == str(file.size_bytes)
    assert heads["content-type"] == "application/octet-stream"
    assert heads["content-disposition"].startswith("attachment; ")
    assert unquote(heads["content-disposition"].partition("UTF-8''")[2]) == "Angebot für Köln.txt"
    assert heads["x-content-type-options"] == "nosniff"
    assert heads["content-security-policy"].startswith("sandbox")
    assert heads["cache-control"] == "no-store"


def test_binary_bytes_arrive_as_they_are(home: Settings, reader: tuple[TestClient, Person]) -> None:
    client, person = reader
    import PIL.Image

    picture = io.BytesIO()
    PIL.Image.frombytes("RGB", (900, 700), random.Random(1).randbytes(900 * 700 * 3)).save(picture, "PNG")
    file = up(person, picture.getvalue(), "plan.png")
    assert client.get(link_to(home, file.id, at=clock.now(), by=person)).content == picture.getvalue()


def test_what_did_not_pass_is_refused_with_a_sentence(home: Settings, reader: tuple[TestClient, Person]) -> None:
    client, person = reader
    answer = client.get(link_to(home, up(person, PROGRAM, "<b>offer.pdf").id, at=clock.now(), by=person))
    assert answer.status_code == 403
    assert "refused" in answer.text
    assert "<b>" not in answer.text
    assert client.get("/files/nothing").status_code == 403


def test_strangers_are_led_to_sign_in_and_writing_is_not_taken(
    home: Settings, reader: tuple[TestClient, Person]
) -> None:
    client, person = reader
    link = link_to(home, up(person, b"text", "a.txt").id, at=clock.now(), by=person)
    stranger = TestClient(client.app, base_url=BASE, follow_redirects=False)
    assert stranger.get(link).status_code == 401
    assert stranger.get(link, headers=HTML).status_code == 303
    assert client.post(link, headers={"origin": BASE}).status_code == 405


@pytest.mark.parametrize(
    "name", ['a"b\r\nSet-Cookie: x.pdf', "日本.pdf", "ü;filename=evil.exe", "plain.pdf", "100%.pdf", "a'b.txt"]
)
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    said = disposition(name)
    assert said.isascii()
    assert "\r" not in said
    assert "\n" not in said
    message = Message()
    message["content-disposition"] = said
    parameters = dict(message.get_params(header="content-disposition") or [])
    assert list(parameters) == ["attachment", "filename"], "what a program knows that reads no RFC 5987"
    kind, _, encoded = said.split("; ")
    assert (kind, unquote(encoded.removeprefix("filename*=UTF-8''"))) == ("attachment", name)
