"""SAM.gov without a key: the daily file of all active contract opportunities, or files that people drop into the inbox.

The daily file has 47 columns and hundreds of MB; beside it the v2 API's records are read (envelopes, or one a line).
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from pydantic import SecretStr

from pipelines.discovery.connector import Fetched, Progress
from pipelines.discovery.credential_question import Question, TakenCredential
from pipelines.discovery.http import Download, download
from pipelines.discovery.normalize import Notices, normalize
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Shape, Skip, detect
from pipelines.discovery.slices import Slice
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import SourceQuotaExceeded, SourceUnavailable
from warehouse.lake.landings import Bookmark
from warehouse.landing import open_plain
from warehouse.settings import Settings

MIRROR = "https://s3.amazonaws.com/falextracts/Contract%20Opportunities/datagov/ContractOpportunitiesFullCSV.csv"
"""The same file where SAM.gov itself puts it; tried when the usual address does not answer."""


def _ask_with_key(settings: Settings, secret: SecretStr, at: datetime) -> Question:
    """Ask for one notice of yesterday; it takes one of the day's requests."""
    day = f"{at - timedelta(days=1):%m/%d/%Y}"
    key = {"api_key": secret.get_secret_value()}
    return Question(
        settings.sam_gov_api_url,
        params={"postedFrom": day, "postedTo": day, "limit": "1", "offset": "0", **key},
        expects="totalRecords",
    )


class SamGov:
    """Contract opportunities of the US government."""

    name = "sam_gov"
    documentation_url = "https://open.gsa.gov/api/get-opportunities-public-api/"
    auth_type = "api_key"
    feeds: tuple[str, ...] = ("bulk_csv", "v2_json")
    is_demo = False
    credentials = (
        TakenCredential(
            CredentialNeed(
                "sam_gov",
                "api_key",
                "SAM.gov API key",
                documentation_url,
                lives=timedelta(days=90),
                is_required=False,
                is_awaited=True,  # the daily file needs none; runs do not ask the API yet
            ),
            _ask_with_key,
        ),
    )

    def fetch(
        self, settings: Settings, *, since: datetime | None, at: datetime, progress: Progress
    ) -> Iterator[Fetched]:
        """Yield the daily file, unless the server says that it is the one we have.

        The file always holds everything that is active, so `since` and `at` change nothing.
        """
        validators = settings.landing / self.name / ".validators.json"
        got = self._download(settings, _read(validators), progress)
        if got is None:
            return
        try:
            self._check(got.path)
            yield Fetched(got.path, settings.sam_gov_bulk_url.partition("?")[0])
            # Only now: what did not land must be offered again.
            validators.write_text(json.dumps(dict(got.validators)), encoding="utf-8")
        finally:
            got.path.unlink(missing_ok=True)

    def detect(self, stream: BinaryIO) -> Shape | Skip:
        """Tell the daily file and v2 records from anything else."""
        return detect(stream)

    def slices(self, stream: BinaryIO, shape: Shape, start: Bookmark, max_records: int) -> Iterator[Slice]:
        """Yield the records of a file behind a bookmark."""
        return read_slices(stream, shape, start, max_records=max_records)

    def to_notices(self, part: Slice) -> Notices:
        """Read the fields of a slice."""
        return normalize(part, self.name)

    def _download(self, settings: Settings, known: dict[str, str], progress: Progress) -> Download | None:
        target = settings.temporary / f"{self.name}.download"
        try:
            return download(settings.sam_gov_bulk_url, target, name=self.name, progress=progress, known=known)
        except SourceQuotaExceeded:
            raise
        except SourceUnavailable:
            if settings.sam_gov_bulk_url != type(settings).model_fields["sam_gov_bulk_url"].default:
                raise  # an address of somebody's own choice: no other is asked behind their back
            return download(MIRROR, target, name=self.name, progress=progress)

    def _check(self, path: Path) -> None:
        """Refuse an answer that is no daily file: a page that asks for patience comes with HTTP 200 too."""
        with path.open("rb") as stored:
            shape = detect(open_plain(stored))
        if isinstance(shape, Skip):
            raise SourceUnavailable(
                f"{self.name} has sent something else than its daily file: {shape.reason}.",
                kept="what had landed before.",
                todo="nothing: it is tried again with the next run; or drop the file into the inbox.",
            )


def _read(validators: Path) -> dict[str, str]:
    if not validators.exists():
        return {}
    validators.parent.mkdir(parents=True, exist_ok=True)
    return dict(json.loads(validators.read_text(encoding="utf-8")))


CONNECTOR = SamGov()
