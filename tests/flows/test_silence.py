"""No secret is written anywhere but where it lives: canaries go through real runs with failures, then everything is searched.

Searched are all files of the home (logs, PostgreSQL's data folder with its write-ahead log, Dagster's store, lake, landing),
what commands and `up` print, the arguments of every process, and what pages show. By design a secret lies in the home's
folder `secrets` and nowhere else.
"""

import json
import os
import re
import secrets as random_source
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from pipelines.submission.browser.home import find_browser
from tests.flows.conftest import Product, wait_for
from tests.flows.notices_csv import write_bulk_csv
from tests.secrets_scanner import Canary, Find, scan_bytes, scan_home
from warehouse.settings import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.slow, pytest.mark.timeout(900)]
ADMIN = "admin@procura.example"
TERMINAL = Path("what was printed")
ARGUMENTS = Path("arguments of processes")
PAGES = Path("text of pages")
NOT_SECRET = re.compile(r"(?i)public|current|created|\bid$|version|_at$|name|origin")


def phrase(what: str) -> str:
    """Make a secret that no other text can hold; letters and blanks need no spelling of their own."""
    return f"{what} {random_source.token_hex(8)}"


@dataclass
class Planted:
    """What was planted so far, and what was printed meanwhile."""

    canaries: list[Canary] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def plant(self, name: str, secret: str | bytes) -> None:
        """Remember a secret to look for."""
        self.canaries.append(Canary(name, secret))

    def run(self, product: Product, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command with something typed into it, and keep what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments], env=product.environment, cwd=ROOT, input=typed, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        return done


IN_HOME = """
import json, sys
import pyotp
from pipelines.administration.people import add_person
from pipelines.administration.second_factor import confirm_enrolment, enrol
from pipelines.administration.sessions import person_of_session
from pipelines.administration.sign_in import sign_in
from warehouse.clock import now
from warehouse.domain.access import Department, Role
from warehouse.ledger.store import open_ledger
asked = json.load(sys.stdin)
ledger = open_ledger()
add_person(ledger, email=asked["email"], role=Role.VIEWER, department=Department.CONTRACTS, password=asked["password"], at=now())
signed = sign_in(ledger, asked["email"], asked["password"], "127.0.0.1", at=now())
person = person_of_session(ledger, signed.token, at=now())
seed = enrol(ledger, at=now(), by=person)
codes = confirm_enrolment(ledger, pyotp.TOTP(seed.seed).now(), at=now(), by=person)
print(json.dumps({"seed": seed.seed, "codes": codes, "session": signed.token}))
"""


@pytest.fixture
def planted() -> Planted:
    """Nothing yet."""
    return Planted()


@pytest.fixture
def watched(product: Product, planted: Planted) -> Product:
    """A product whose surroundings hold secrets: settings, keys of model vendors, an address with a key."""
    given = {
        "PROCURA_ADMIN_PASSWORD": phrase("first account opens with"),
        "PROCURA_SAM_GOV_API_KEY": "SAM-" + random_source.token_hex(16),
        "PROCURA_GOVCON_API_KEY": "gc-" + random_source.token_hex(16),
        "PROCURA_SMTP_URL": f"smtp://mailer:{random_source.token_hex(12)}@127.0.0.1:9",
        "ANTHROPIC_API_KEY": "sk-ant-" + random_source.token_hex(20),
        "OPENAI_API_KEY": "sk-" + random_source.token_hex(20),
    }
    in_address = random_source.token_hex(16)
    product.environment |= given | {
        # Nobody listens there: the failure names the address, and the key in it.
        "PROCURA_SAM_GOV_BULK_URL": f"http://127.0.0.1:9/extract.csv?api_key={in_address}",
        "PROCURA_SAM_GOV_API_URL": "http://127.0.0.1:9/search",
        "PROCURA_GOVCON_API_URL": "http://127.0.0.1:9/govcon",
    }
    for name, value in given.items():
        planted.plant(name, value.split("mailer:")[-1].split("@127")[0])
    planted.plant("a key in an address", in_address)
    # The flows' fixture keeps the network out; here a source is to be asked, and not to answer.
    del product.environment["PROCURA_OFFLINE"]
    return product


def test_no_canary_is_found_outside_the_places_by_design(watched: Product, planted: Planted) -> None:
    admin_password = watched.environment["PROCURA_ADMIN_PASSWORD"]
    watched.up()
    state = wait_for(
        "the app answers",
        lambda: (
            (watched.home / "run" / "up.json").exists()
            and watched.state.get("dagster_url")
            and watched.is_healthy()
            and watched.state
        ),
        300,
    )
    wait_for(
        "the first run has ended", lambda: "open opportunities" in watched.words or "did not end well" in watched.words
    )
    _use_the_app(watched, planted, state["app_url"], admin_password)
    _use_the_command_line(watched, planted)
    _use_accounts(watched, planted)
    planted.said += [_arguments(watched)]
    pages = _look_at_pages(watched, state["app_url"], admin_password)
    _hurt(watched)
    planted.said += [_arguments(watched)]
    assert watched.stop() == 0
    _plant_keys_of_the_home(watched, planted)

    found = scan_home(watched.home, planted.canaries, without=[watched.home / "secrets"])
    found += scan_bytes("\n".join(planted.said).encode(), planted.canaries, TERMINAL)
    found += scan_bytes(pages.encode(), planted.canaries, PAGES)
    found += scan_bytes(watched.words.encode(), planted.canaries, TERMINAL)
    assert len(planted.canaries) >= 12
    assert scan_home(watched.home / "secrets", planted.canaries), (
        "where keys live they are found: the search does search"
    )
    assert _told(found) == []


def test_address_of_a_database_with_a_password_is_not_told(watched: Product, planted: Planted) -> None:
    password = phrase("the database opens with").replace(" ", "-")
    planted.plant("PROCURA_DATABASE_URL", password)
    watched.environment["PROCURA_DATABASE_URL"] = f"postgresql://procura:{password}@127.0.0.1:9/firm?connect_timeout=2"
    for command in (("user", "list"), ("run", "--json"), ("doctor",), ("sql", "select 1"), ("up", "--no-serve")):
        assert planted.run(watched, *command).returncode != 0, command
    found = scan_home(watched.home, planted.canaries, without=[watched.home / "secrets"])
    found += scan_bytes("\n".join(planted.said).encode(), planted.canaries, TERMINAL)
    assert _told(found) == []


def _told(found: list[Find]) -> list[str]:
    return sorted({f"{one.canary} ({one.spelling}) in {one.path}" for one in found})


def _use_the_app(product: Product, planted: Planted, address: str, password: str) -> None:
    """Sign in with a wrong and with the right password; take a program's tokens; ask with them."""
    wrong = phrase("surely it is")
    planted.plant("a wrong password that was tried", wrong)
    with httpx.Client(base_url=address, timeout=30) as browser:
        for tried in (wrong, password):
            form = re.search(r'name="token" value="([^"]+)"', browser.get("/sign-in").text)
            assert form is not None
            planted.plant("token of a form", form[1])
            answer = browser.post("/sign-in", data={"token": form[1], "email": ADMIN, "password": tried})
            assert answer.status_code == (401 if tried == wrong else 303)
        (session,) = [cookie.value for cookie in browser.cookies.jar if "session" in cookie.name]
        assert session
        planted.plant("a session", session)
        assert browser.get("/").status_code == 200
    tokens = httpx.post(f"{address}/api/v1/token", json={"email": ADMIN, "password": password}, timeout=30).json()
    for name in ("access_token", "refresh_token"):
        planted.plant(name, tokens[name])
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(f"{address}/api/v1/me", headers=bearer, timeout=30).status_code == 200
    assert (
        httpx.get(
            f"{address}/api/v1/me", headers={"authorization": f"Bearer {tokens['access_token']}x"}, timeout=30
        ).status_code
        == 401
    )
    again = httpx.post(f"{address}/api/v1/token/refresh", json={"refresh_token": tokens["refresh_token"]}, timeout=30)
    planted.plant("refresh token, rotated", again.json()["refresh_token"])


def _use_the_command_line(product: Product, planted: Planted) -> None:
    """Set a key, test it against a source that does not answer, fail a run, a question and a retry."""
    key = random_source.token_hex(20)
    planted.plant("a key in the vault", key)
    assert planted.run(product, "connector", "set-key", "sam_gov", typed=f"{key}\n").returncode == 0
    environment = product.environment.pop("PROCURA_SAM_GOV_API_KEY")
    planted.run(product, "connector", "test", "sam_gov")
    planted.run(product, "discover", "sam_gov")
    product.environment["PROCURA_SAM_GOV_API_KEY"] = environment
    planted.run(product, "connector", "test", "sam_gov")
    planted.run(product, "discover", "--all")
    for question in (
        "select * from ledger.public.connectors",
        "select getenv('ANTHROPIC_API_KEY')",
        "select * from nowhere",
    ):
        planted.run(product, "sql", question)
    planted.run(product, "quarantine", "retry")
    planted.run(product, "keys", "rotate")
    password = phrase("somebody new opens with")
    planted.plant("a new person's password", password)
    assert planted.run(product, "user", "add", "new@firm.example", typed=f"{password}\n").returncode == 0
    planted.run(product, "user", "add", "new@firm.example", typed=f"{password}\n")
    link = product.json("user", "reset", "new@firm.example", "--json")["link"]
    planted.plant("a one-time link", link.rpartition("=")[2])
    assert httpx.get(link, timeout=30).status_code == 200
    out = product.home / "export"
    planted.run(product, "audit", "export", "--out", str(out))
    (product.home / "inbox" / "sam_gov").mkdir(parents=True, exist_ok=True)
    write_bulk_csv(product.home / "inbox" / "sam_gov" / "day.csv", records=20)
    assert planted.run(product, "run", "--json").returncode == 0


def _use_accounts(product: Product, planted: Planted) -> None:
    password = phrase("the second one opens with")
    planted.plant("a second person's password", password)
    asked = json.dumps({"email": "second@firm.example", "password": password})
    done = subprocess.run(
        [sys.executable, "-c", IN_HOME],
        env=product.environment,
        cwd=ROOT,
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    planted.plant("a TOTP seed", told["seed"])
    planted.plant("a session of a script", told["session"])
    for number, code in enumerate(told["codes"][:2]):
        planted.plant(f"recovery code {number}", code)
    planted.said.append(done.stderr)


def _look_at_pages(product: Product, address: str, password: str) -> str:
    """Open pages in a browser where there is one, and return their text with the values of their fields."""
    browser = find_browser()
    if browser is None:
        return ""
    from playwright.sync_api import sync_playwright

    texts = []
    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = window.new_page(base_url=address)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(ADMIN)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        for path in ("/", "/sources", "/credentials", "/account", "/admin", "/opportunity?id=nowhere"):
            page.goto(path)
            page.locator("h1, h2, [data-testid=stAlert]").first.wait_for(timeout=60_000)
            page.screenshot(path=product.home / "tmp" / f"page{len(texts)}.png")
            texts.append(page.content())
        window.close()
    return "\n".join(texts)


def _hurt(product: Product) -> None:
    """Kill PostgreSQL and the app; both come back, and complain meanwhile."""
    for name in ("postgres", "app"):
        os.kill(int(product.state["processes"][name]["pid"]), signal.SIGKILL)
    wait_for("health", product.is_healthy, 60)


def _arguments(product: Product) -> str:
    return "\n".join(" ".join(process.cmdline()) for process in product.tree())


def _plant_keys_of_the_home(product: Product, planted: Planted) -> None:
    """Take every key out of the folder where keys live: each must be there and nowhere else."""
    files = [path for path in (product.home / "secrets").rglob("*") if path.is_file() and "pub" not in path.name]
    assert files
    for path in files:
        text = path.read_text()
        values = _leaves(json.loads(text)) if text.lstrip().startswith("{") else [text.strip()]
        for value in (one for one in values if len(one) >= 20):
            planted.plant(f"{path.name}", value)
            if re.fullmatch(r"(?:[0-9a-f]{2}){16,}", value):
                planted.plant(f"{path.name}, as bytes", bytes.fromhex(value))


def _leaves(told: object, name: str = "") -> list[str]:
    if isinstance(told, dict):
        return [leaf for key, held in told.items() for leaf in _leaves(held, str(key))]
    if isinstance(told, list):
        return [leaf for held in told for leaf in _leaves(held, name)]
    is_secret = isinstance(told, str) and len(told) >= 20 and not NOT_SECRET.search(name)
    return [str(told)] if is_secret else []
