"""PDFs: actions that run or fetch, files inside, passwords, bombs, and a structure that readers take in different ways."""

import re
from collections.abc import Iterator

from pipelines.submission.scanning.links import is_plain_link, is_remote, is_share
from pipelines.submission.scanning.pdf_file import PdfFile, Thing
from pipelines.submission.scanning.pdf_password import which_password
from pipelines.submission.scanning.pdf_shape import check_streams, why_shape
from pipelines.submission.scanning.pdf_tokens import Doubled, Name, Ref, text_of
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused, worse
from pipelines.submission.scanning.web_page import why_page

SCRIPT = "contains JavaScript, which runs when it is opened; print it to a new PDF"
_NAMES = {
    "JavaScript": SCRIPT, "JS": SCRIPT, "OnInstantiate": SCRIPT,
    "Launch": "starts a program or opens another file",
    "SubmitForm": "sends what is typed into it to another computer",
    "ImportData": "fetches data of a form from elsewhere",
    "RichMedia": "contains Flash or other media that run", "RichMediaContent": "contains Flash or other media that run",
    "FFilter": "takes a part from outside the file",
}  # fmt: skip
_HARMLESS = {
    "GoTo",
    "Named",
    "Hide",
    "ResetForm",
    "SetOCGState",
    "Trans",
    "GoTo3DView",
    "GoToDp",
    "Thread",
    "NoOp",
    "Sound",
    "Movie",
}
_MARKUP = re.compile(rb"<(?:[\w.-]+:)?(script|submit|execute|soapAction|connect\b[^>]*wsdl)", re.IGNORECASE)


def looks(media_type: str) -> bool:
    """Look at PDFs."""
    return media_type == "application/pdf"


def look(source: Source, findings: Findings) -> Finding | None:
    """Walk all objects that could act."""
    pdf = PdfFile(source.data, source.budget)
    reason, doubt = why_shape(pdf, findings)
    if reason:
        return refused(reason)
    for thing in pdf.things:
        if (
            isinstance(thing.value, dict)
            and "Encrypt" in thing.value
            and (thing.is_trailer or "Root" in thing.value or "W" in thing.value)
        ):
            findings["is_encrypted"] = True
            findings["encryption"] = which_password(source.data)
            return refused(_locked(str(findings["encryption"])))
    for thing in pdf.things:
        source.budget.check_time()
        reason = next(filter(None, (_why(pdf, value) for value in _walk(thing.value))), "") or _name_alone(thing)
        if reason:
            findings["has_scripts"] = reason == SCRIPT
            return refused(reason)
    check_streams(pdf)
    return worse(_attachments(source, pdf, findings), doubt)


def _locked(which: str) -> str:
    if which == "owner":
        return "is protected against changes by a password of its owner and cannot be looked into; save it without protection"
    return "is locked by a password and cannot be looked into; packages may not hold passwords"


def _walk(value: object) -> Iterator[dict[str, object]]:
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack.extend(one.values())
        elif isinstance(one, list):
            stack.extend(one)


def _name_alone(thing: Thing) -> str:
    stack = [thing.value]
    while stack:
        one = stack.pop()
        if isinstance(one, Name) and one.text in ("JavaScript", "Launch", "SubmitForm", "ImportData"):
            return _NAMES[one.text]
        stack.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return ""


def _why(pdf: PdfFile, one: dict[str, object]) -> str:
    for key in one.keys() & _NAMES.keys():
        return _NAMES[key]
    if any(
        isinstance(kind, Name) and kind.text in _NAMES for key in ("S", "Subtype") for kind in pdf.resolve(one.get(key))
    ):
        return next(
            _NAMES[kind.text]
            for key in ("S", "Subtype")
            for kind in pdf.resolve(one.get(key))
            if isinstance(kind, Name) and kind.text in _NAMES
        )
    for key in ("OpenAction", "AA"):
        if key in one and (reason := _why_action(pdf, one[key], is_many=key == "AA")):
            return reason
    if "XFA" in one and (reason := _why_form(pdf, one["XFA"])):
        return reason
    return _why_link(pdf, one)


def _why_action(pdf: PdfFile, value: object, *, is_many: bool, depth: int = 0) -> str:
    """Judge what is done when the file or a page is opened, with what follows it."""
    for one in pdf.resolve(value):
        if isinstance(one, list) and depth and not is_many:
            reason = (
                next(
                    filter(
                        None,
                        (
                            _why_action(pdf, each, is_many=False, depth=depth + 1)
                            for each in one[:50]
                            if isinstance(each, dict | Ref)
                        ),
                    ),
                    "",
                )
                if depth < 8
                else ""
            )
            if reason:
                return reason
        if not isinstance(one, dict):
            continue
        if is_many and depth < 8:
            reason = next(
                filter(None, (_why_action(pdf, each, is_many=False, depth=depth + 1) for each in one.values())), ""
            )
            if reason:
                return reason
            continue
        kinds = [kind.text for kind in pdf.resolve(one.get("S")) if isinstance(kind, Name)]
        if any(kind not in _HARMLESS for kind in kinds):
            return _NAMES.get(kinds[0], "opens a page or another file by itself when it is opened")
        if "Next" in one and depth < 8:
            reason = _why_action(pdf, one["Next"], is_many=False, depth=depth + 1)
            if reason:
                return reason
    return ""


def _why_form(pdf: PdfFile, value: object) -> str:
    held = value if isinstance(value, list) and not isinstance(value, Doubled) else [value]
    for one in held:
        for each in pdf.resolve(one):
            if isinstance(each, list) and (reason := _why_form(pdf, each)):
                return reason
        if isinstance(one, Ref):
            for thing in pdf.objects(one.number):
                content = pdf.content(thing)
                if _MARKUP.search(content) or re.search(
                    rb"contentType\s*=\s*[\"']application/x-(javascript|formcalc)", content, re.I
                ):
                    return SCRIPT
        elif isinstance(one, bytes) and _MARKUP.search(one):
            return SCRIPT
    return ""


def _why_link(pdf: PdfFile, one: dict[str, object]) -> str:
    for address in pdf.resolve(one.get("URI")):
        told = text_of(address)
        if told and (
            not is_plain_link(told) or why_page(f'<a href="{told}">')
            if "script:" in told.lower()
            else not is_plain_link(told)
        ):
            return "has a link that starts something or opens a computer of the network"
    is_url = any(isinstance(kind, Name) and kind.text == "URL" for kind in pdf.resolve(one.get("FS")))
    for key in ("F", "UF", "Unix", "DOS", "Mac"):
        for value in pdf.resolve(one.get(key)):
            if isinstance(value, bytes) and type(value) is bytes:
                told = text_of(value)
                if is_share(told) or is_remote(told) or is_url:
                    return "takes a part from, or leads to, a file on another computer"
    return ""


def _attachments(source: Source, pdf: PdfFile, findings: Findings) -> Finding | None:
    """Judge every file inside, whether it is listed or not."""
    found: Finding | None = None
    seen: set[tuple[int, int]] = set()
    for name, thing in _embedded(pdf):
        if thing.stream is None or thing.stream in seen:
            continue
        seen.add(thing.stream)
        found = worse(found, source.descend(name, [pdf.content(thing)]))
    if seen:
        findings["attachments"] = len(seen)
    return found


def _embedded(pdf: PdfFile) -> Iterator[tuple[str, Thing]]:
    for thing in pdf.things:
        for one in _walk(thing.value):
            for files in pdf.resolve(one.get("EF")):
                name = next(
                    (
                        text_of(told)
                        for key in ("UF", "F", "DOS", "Unix")
                        for told in pdf.resolve(one.get(key))
                        if type(told) is bytes
                    ),
                    "",
                )
                for ref in files.values() if isinstance(files, dict) else ():
                    for each in ref if isinstance(ref, Doubled) else [ref]:
                        yield from (
                            (re.split(r"[/\\]", name)[-1] or "attachment", stream)
                            for stream in (pdf.objects(each.number) if isinstance(each, Ref) else ())
                        )
    for thing in pdf.things:
        if (
            isinstance(thing.value, dict)
            and thing.stream
            and any(
                isinstance(kind, Name) and kind.text == "EmbeddedFile" for kind in pdf.resolve(thing.value.get("Type"))
            )
        ):
            yield "attachment", thing
