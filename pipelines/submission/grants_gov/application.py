"""The application of a package: the GrantApplication as somebody filled it in, checked against the files that go with it.

It was signed as it is, but for one word: where its SubmissionTitle says {reference} our own is put in, by which it is found
again. Not here: what is wrong with a form's own fields, which only Grants.gov's schemas know.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from pipelines.submission.executor import Parcel, ParcelFile
from pipelines.submission.grants_gov.settings import GrantsSettings
from warehouse.domain.executor import OWN_REFERENCE

MOST_BYTES = 20_000_000
"""Forms without their attachments: some hundred kB."""
ROOT = "{http://apply.grants.gov/system/MetaGrantApplication}GrantApplication"
HASHES: Mapping[str, str] = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
LONGEST_NAME = 50
NAME_SIGNS = re.compile(r"[A-Za-z0-9_\-. (){}\[\]&~!,;'@#$%+=]+")
"""What Grants.gov takes in a file's name, by its questions and answers for applicants."""
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Attached:
    """One file as the forms speak of it.

    Attributes:
        content_id: By which the forms refer to it.
        digest: As the forms say it, base64; "" where they say none.
    """

    name: str
    content_id: str
    algorithm: str
    digest: str


@dataclass(frozen=True)
class Application:
    """What matters of an application for handing it over; texts are "" where it does not say."""

    data: bytes
    title: str
    package_id: str
    opportunity: str
    forms: tuple[str, ...]
    attached: tuple[Attached, ...]

    def with_reference(self, reference: str) -> str:
        """Return the text that goes out."""
        return self.data.decode("utf-8-sig").replace(OWN_REFERENCE, reference)

    def content_ids(self) -> dict[str, str]:
        """Return by which id the forms refer to each file, by its name."""
        return {one.name: one.content_id for one in self.attached}


def application_file(parcel: Parcel, settings: GrantsSettings) -> ParcelFile | None:
    """Return the file of the package that is the application."""
    return next((file for file in parcel.files if file.name == settings.application), None)


def read_application(path: Path) -> Application | str:
    """Read an application, or say why it is none."""
    if path.stat().st_size > MOST_BYTES:
        return f"is larger than {MOST_BYTES:,} bytes"
    data = path.read_bytes()
    try:
        data.decode("utf-8-sig")
        root = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    except UnicodeDecodeError:
        return "is not written in UTF-8"
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return "is no XML, or declares types and entities"
    if root.tag != ROOT:
        return "is no GrantApplication"
    header, forms = _child(root, "GrantSubmissionHeader"), _child(root, "Forms")
    if header is None or forms is None:
        return f"has no {'GrantSubmissionHeader' if header is None else 'Forms'}"
    return Application(
        data, _text(header, "SubmissionTitle"), _text(header, "PackageID"), _text(header, "OpportunityID"),
        tuple(_local(form.tag) for form in forms), tuple(_attached(forms)),
    )  # fmt: skip


def faults_of_application(application: Application, parcel: Parcel, settings: GrantsSettings) -> list[str]:
    """Say what does not fit between the application, what the offer's fields say, and the package's files."""
    name, found = settings.application, []
    title = parcel.fields.get("filing_name", "").strip()
    if application.title != title:
        found.append(f"{name} is called {application.title!r}, and the offer's filing name is {title!r}.")
    if application.data.count(OWN_REFERENCE.encode()) != 1:
        found.append(f"{name} must say {OWN_REFERENCE} once, in its SubmissionTitle: by that it is found again.")
    package = parcel.fields.get("package_id", "").strip()
    if application.package_id and application.package_id != package:
        found.append(f"{name} is for the package {application.package_id}, and the offer for {package}.")
    number = parcel.solicitation_number
    if application.opportunity and number and application.opportunity != number:
        found.append(f"{name} is for the opportunity {application.opportunity}, and the offer for {number}.")
    lacking = [form for form in settings.forms if form not in application.forms]
    if lacking:
        found.append(f"{name} lacks the form {', '.join(lacking)}.")
    others = [file for file in parcel.files if file.name != name]
    return found + _faults_of_attached(application, others, name)


def faults_of_names(files: Sequence[ParcelFile]) -> list[str]:
    """Say which names of files Grants.gov does not take."""
    return [
        f"{file.name} has a name that Grants.gov does not take: at most {LONGEST_NAME} letters without accents, digits and"
        " the usual signs."
        for file in files
        if len(file.name) > LONGEST_NAME or not NAME_SIGNS.fullmatch(file.name)
    ]  # fmt: skip


def _faults_of_attached(application: Application, files: Sequence[ParcelFile], name: str) -> list[str]:
    by_name, found = {file.name: file for file in files}, []
    for one in application.attached:
        file = by_name.get(one.name)
        if file is None:
            found.append(f"{name} speaks of {one.name}, which is not in the package.")
        elif one.algorithm not in HASHES:
            found.append(f"{name} has a hash of {one.name} that is called {one.algorithm or 'nothing'}.")
        elif one.digest != _digest(file.path, HASHES[one.algorithm]):
            found.append(f"{one.name} is not the file that {name} speaks of: its {one.algorithm} is another.")
    spoken = [one.name for one in application.attached]
    ids = [one.content_id for one in application.attached]
    if len(set(spoken)) < len(spoken) or len(set(ids)) < len(ids) or "" in ids:
        found.append(f"{name} does not tell its attachments apart: each has a name and a place of its own.")
    return found + [f"{name} does not speak of {file.name}." for file in files if file.name not in spoken]


def _attached(forms: Element) -> Iterator[Attached]:
    for holder in forms.iter():
        place, named = _child(holder, "FileLocation"), _text(holder, "FileName")
        if place is None:
            continue
        href = next((value for key, value in place.attrib.items() if _local(key) == "href"), "")
        said = _child(holder, "HashValue")
        algorithm = "" if said is None else next(
            (value for key, value in said.attrib.items() if _local(key) == "hashAlgorithm"), ""
        )  # fmt: skip
        yield Attached(named, href.strip(), algorithm, "".join(_text(holder, "HashValue").split()))


def _digest(path: Path, algorithm: str) -> str:
    # The forms choose it; SHA-1 here is Grants.gov's check against damage, ours against change is the manifest's SHA-256.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return base64.b64encode(digest.digest()).decode()


def _child(parent: Element, name: str) -> Element | None:
    return next((child for child in parent if _local(child.tag) == name), None)


def _text(parent: Element, name: str) -> str:
    child = _child(parent, name)
    return (child.text or "").strip() if child is not None else ""


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
