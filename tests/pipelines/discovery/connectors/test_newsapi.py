"""NewsAPI: headlines about the firm's topics and buyers, nothing of the publishers' own, within what the plan gives."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from pipelines.discovery import polite
from pipelines.discovery.connectors import newsapi
from pipelines.discovery.discover import Landed, Reading, land_source, read_landings
from pipelines.discovery.rebuild import rebuild_lake
from pipelines.discovery.retry import Retried, retry_quarantine
from pipelines.discovery.stories import address_of, title_key
from pipelines.qualification.profiles import ensure_company
from tests.fakes.newsapi import PRIVATE, News, news_story, running_news
from tests.pipelines.discovery.connectors.anew import begin_anew
from warehouse import settings as settings_module
from warehouse.domain.run_outcome import RunOutcome
from warehouse.lake.connection import open_lake
from warehouse.landing import Landing
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
TABLES = ("notice_versions", "notice_sightings", "landings", "quarantine", "articles")


def quiet(what: str, done: int, total: int | None = None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def news() -> Iterator[News]:
    """A press that holds 30 stories about network services."""
    with running_news(News([news_story(n) for n in range(30)])) as served:
        yield served


@pytest.fixture
def fresh(home: Settings, news: News, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The home with empty landing and lake, whose NewsAPI is here, a key, and a firm of one topic and one buyer."""
    begin_anew(home, TABLES)
    (home.landing / "sam_gov/00").mkdir(parents=True)
    (home.landing / "sam_gov/00/0.json").write_text(NO_FILE)  # so that no demo notices are made beside
    ensure_company(open_ledger("procura_pipeline"))
    monkeypatch.setattr(newsapi, "declared_interests", lambda tx: (("network", "software"), ("DEPT OF DEFENSE",)))
    monkeypatch.setattr(polite.Counted, "wait_seconds", 0.01)
    changes = {"offline": False, "newsapi_url": news.url, "newsapi_api_key": SecretStr(news.key)}
    changed = home.model_copy(update=changes)
    monkeypatch.setattr(settings_module, "current", lambda: changed)
    monkeypatch.setattr("warehouse.ledger.credentials.current", lambda: changed)
    return changed


NO_FILE = json.dumps(
    {"source": "sam_gov", "order": 0, "sha256": "0", "feed": "v2_json", "origin": "none", "fetched_at": "2026-01-01T00:00:00+00:00",
     "size": 0, "encoding": "zstd", "purged_at": "2026-01-02T00:00:00+00:00"}
)  # fmt: skip


def land(settings: Settings, at: datetime = AT, **changes: Any) -> Landed:
    return land_source("newsapi", settings, progress=quiet, at=at, **changes)


def read(settings: Settings) -> Reading:
    return read_landings(settings, progress=quiet)


def articles(columns: str = "title") -> list[tuple[Any, ...]]:
    return open_lake().cursor().execute(f"select {columns} from core.articles order by all").fetchall()


def test_each_topic_and_buyer_is_asked_about_once_a_day(fresh: Settings, news: News) -> None:
    landed = land(fresh)
    assert [asked["q"] for asked in news.asked] == ['"network"', '"software"', '"Department of Defense"']
    assert news.asked[0] == {
        "q": '"network"', "searchIn": "title", "from": "2026-03-14", "language": "en", "sortBy": "publishedAt",
        "pageSize": "100", "page": "1",
    }  # fmt: skip
    assert (landed.outcome, landed.requests_spent) == (RunOutcome.CAME, 3)
    reading = read(fresh)
    assert (reading.landed, reading.accepted, reading.versions) == (30, 30, 30)
    assert land(fresh, AT + timedelta(hours=5)).outcome is RunOutcome.NO_NEWS
    assert len(news.asked) == 3
    land(fresh, AT + timedelta(days=1))
    assert news.asked[3]["from"] == "2026-04-04"
    assert read(fresh).versions == 0
    assert len(articles()) == 30


def test_only_facts_are_kept_of_a_story_anywhere(fresh: Settings, news: News, caplog: pytest.LogCaptureFixture) -> None:
    news.most, news.stories = 1_000, [news_story(n) for n in range(150)]
    with caplog.at_level("DEBUG"):
        land(fresh)
    read(fresh)
    assert articles("url, publisher, published_at")[0] == (
        "https://www.times.example/0", "Example Times", datetime(2026, 4, 1, 10, tzinfo=UTC),
    )  # fmt: skip
    landing, kept = Landing(fresh.landing), b""
    for entry in landing.entries():
        with landing.open(entry) as stream:
            kept += stream.read()
        assert news.key not in entry.origin
    assert b"part 149" in kept
    written = kept + b"".join(path.read_bytes() for path in fresh.landing.rglob("*") if path.is_file())
    for secret in (*PRIVATE, news.key, "urlToImage"):
        assert secret.encode() not in written
        assert secret not in caplog.text


def test_a_page_that_waits_for_the_rest_of_its_question_holds_facts_only(fresh: Settings, news: News) -> None:
    news.most, news.stories, news.allowed = 1_000, [news_story(n) for n in range(150)], 1
    assert land(fresh).outcome is RunOutcome.QUOTA
    (page,) = (fresh.landing / "newsapi/.window").glob("page-*.json")
    assert b"part 99" in page.read_bytes()
    assert not any(text.encode() in page.read_bytes() for text in PRIVATE)
    news.allowed = None
    land(fresh, AT + timedelta(hours=13))
    assert [asked["page"] for asked in news.asked[2:4]] == ["2", "1"], "a page that has come is not paid for again"


def test_where_the_plan_ends_the_question_is_finished_and_never_repeated(fresh: Settings, news: News) -> None:
    news.stories = [news_story(n, title=f"Network and software {n}") for n in range(150)]
    said: list[str] = []
    landed = land_source("newsapi", fresh, progress=lambda what, done, total=None: said.append(what), at=AT)
    assert landed.outcome is RunOutcome.CAME
    assert [(asked["q"], asked["page"]) for asked in news.asked] == [
        ('"network"', "1"), ('"network"', "2"), ('"software"', "1"), ('"Department of Defense"', "1"),
    ]  # fmt: skip
    assert "NewsAPI gives this key no more stories about network" in said
    assert read(fresh).landed == 100
    assert land(fresh, AT + timedelta(hours=1)).outcome is RunOutcome.NO_NEWS


def test_no_request_more_than_a_day_allows(fresh: Settings, news: News, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newsapi, "QUOTA", newsapi.Quota(2, timedelta(days=1)))
    landed = land(fresh)
    assert (landed.outcome, len(news.asked)) == (RunOutcome.QUOTA, 2)
    assert land(fresh, AT + timedelta(hours=1)).outcome is RunOutcome.QUOTA
    assert len(news.asked) == 2


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("apiKeyInvalid", RunOutcome.KEY_REFUSED),
        ("apiKeyDisabled", RunOutcome.KEY_REFUSED),
        ("apiKeyExhausted", RunOutcome.QUOTA),
    ],
)
def test_refusals_of_a_key_are_told_apart(fresh: Settings, news: News, code: str, outcome: RunOutcome) -> None:
    news.refusal = code
    landed = land(fresh)
    assert (landed.outcome, len(news.asked)) == (outcome, 1)
    assert (code in landed.reason) is (outcome is RunOutcome.KEY_REFUSED)
    assert news.key not in landed.reason


def test_without_a_key_it_is_left_out_calmly(fresh: Settings, news: News, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = fresh.model_copy(update={"newsapi_api_key": None})
    monkeypatch.setattr("warehouse.ledger.credentials.current", lambda: bare)
    assert (land(bare).outcome, news.asked) == (RunOutcome.NO_KEY, [])


def test_too_many_requests_end_the_day_and_troubles_are_told(fresh: Settings, news: News) -> None:
    news.moods = [500, b"<html></html>"]
    assert land(fresh).outcome is RunOutcome.CAME
    news.moods = [json.dumps({"status": "ok", "articles": {}}).encode()]
    assert land(fresh, AT + timedelta(days=1)).outcome is RunOutcome.BROKEN
    news.allowed = 0
    assert land(fresh, AT + timedelta(days=2)).outcome is RunOutcome.QUOTA


def test_a_story_is_one_under_many_addresses_and_many_headlines(fresh: Settings, news: News) -> None:
    news.stories = [
        news_story(1, title="Network bought - Example Times", url="https://Times.example/a?utm_source=x&id=7"),
        news_story(2, title="Network bought!", url="https://www.times.example/a/?id=7&fbclid=1#top"),
        news_story(3, title="NETWORK BOUGHT", url="https://other.example/b", source={"id": None, "name": "Other"}),
        news_story(4, title="[Removed]", url="https://removed.com"),
        news_story(5, title="Another network", url="javascript:alert(1)"),
        news_story(6, title="network without an address", url=None),
        None,
    ]
    (fresh.inbox / "newsapi").mkdir()
    facts = [{key: one[key] for key in ("source", "title", "url", "publishedAt")} for one in news.stories if one]
    answer = {"status": "ok", "totalResults": 7, "articles": [*facts, None]}
    (fresh.inbox / "newsapi/a.json").write_text(json.dumps(answer))
    assert land(fresh).new_files == 1
    reading = read(fresh)
    assert (reading.landed, reading.accepted, reading.quarantined, reading.versions) == (7, 4, 3, 1)
    assert articles("title, url") == [("Network bought - Example Times", "https://times.example/a?id=7")]
    rows = articles("*")
    rebuild_lake(fresh, quiet)
    assert articles("*") == rows
    assert retry_quarantine(fresh, "newsapi", at=AT, progress=quiet) == Retried(3, 0)
    (fresh.inbox / "newsapi/a.json").unlink()


def test_a_file_with_texts_of_publishers_is_not_landed(fresh: Settings) -> None:
    (fresh.inbox / "newsapi").mkdir()
    (fresh.inbox / "newsapi/whole.json").write_text(json.dumps({"articles": [news_story(1)]}))
    landed = land(fresh.model_copy(update={"offline": True}))
    assert "belongs to the publishers (author, description, content, urlToImage)" in landed.skipped_files[0]["reason"]
    assert Landing(fresh.landing).entries() == []


def test_no_story_however_odd_stops_the_reading(fresh: Settings, news: News) -> None:
    chance = random.Random(4711)
    odd = [
        None,
        "",
        0,
        -1,
        1e300,
        True,
        [],
        {},
        "\x00",
        "https://[",
        "9999-99-99T99:99:99Z",
        "\ud800",
        "ü" * 5_000,
        "//x",
    ]
    for n in range(5):
        news.stories = [
            {
                key: chance.choice(odd) if chance.random() < 0.4 else value
                for key, value in news_story(n * 100 + k).items()
            }
            | {"title": chance.choice(["network", None, 5, "network \x00 \ud800"])}
            for k in range(60)
        ]
        (fresh.landing / "newsapi/.known.json").unlink(missing_ok=True)
        land(fresh)
        reading = read(fresh)
        assert reading.landed == reading.accepted + reading.quarantined


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("HTTPS://WWW.Times.example:443/a/?utm_medium=x&id=3&gclid=9#top", "https://www.times.example/a?id=3"),
        ("http://times.example", "http://times.example/"),
        ("https://user:word@times.example/", None),
        ("javascript:alert(1)", None),
        ("https://times.example/a b", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_an_address_is_read_without_what_follows_readers(url: str, address: str | None) -> None:
    assert address_of(url) == address


def test_a_headline_is_compared_without_its_publisher() -> None:
    assert title_key("A story: part 1 - Example Times", "Example Times") == title_key("A STORY, Part 1", None)
