"""Plain texts: scripts under a harmless ending, shortcuts and settings that act, formulas in lists."""

import re

from pipelines.submission.scanning.formulas import why_formula
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused
from pipelines.submission.scanning.web_page import why_page

_KINDS = {
    "text/plain",
    "text/csv",
    "text/markdown",
    "application/json",
    "text/calendar",
    "message/rfc822",
    "application/mbox",
}
_BEGINS = re.compile(
    r"\s*(#!\s*/|@?echo\s+off\b|@echo\b|<\?php|<%|<job|<script|\[InternetShortcut\]|\[Shell\]|\[autorun\]|\[\.ShellClassInfo\]|"
    r"Windows Registry Editor|REGEDIT4|ID;P|WEB\r?\n1\r?\n|\[version\]\s*signature|option\s+explicit\b.*\bdim\b|"
    r"on\s+error\s+resume\s+next|full address:s:|"
    r"set\s+\w+\s*=\s*createobject|<#[\s\S]{0,2000}?#>\s*(param|function)\b|\(function\s*\(|'use strict';|#@~\^)",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_HOLDS = re.compile(
    r"CreateObject\s*\(\s*[\"']\s*(WScript|Shell|Scripting|MSXML|ADODB|Microsoft|Excel|Word|Outlook)|new\s+ActiveXObject\s*\(|"
    r"WScript\.(Shell|CreateObject|Run|Echo|Sleep|Quit)|"
    r"\b(powershell|pwsh)(\.exe)?\b[^\r\n]{0,200}\s-(e|en|enc|enco|encodedcommand|ec|w\s+hidden|windowstyle\s+hidden)\b|"
    r"\b(iex|invoke-expression)\b[\s(&|$]*[^\r\n]{0,80}(downloadstring|net\.webclient|frombase64string|invoke-webrequest|iwr)|"
    r"\(new-object\s+(system\.)?net\.webclient\)|\bDownload(String|File)\s*\(\s*['\"]http|start-process\s+[^\r\n]{0,80}-windowstyle\s+hidden|"
    r"^\s*(mshta|rundll32|regsvr32|certutil|bitsadmin|wmic|cscript|wscript)(\.exe)?\s+\S*(https?:|javascript:|-urlcache|/i:|process\s+call|\\\\)|"
    r"X5O!P%@AP\[4\\PZX54\(P\^\)7CC\)7\}\$EICAR|^#@~\^|eval\s*\(\s*(atob|unescape|base64_decode|gzinflate|String\.fromCharCode)|"
    r"^\s*(Sub|Private Sub|Public Sub)\s+(Auto_?Open|AutoExec|Document_Open|Workbook_Open)\b|"
    r"document\.write\s*\(\s*unescape|fromCharCode\s*\([\d,\s]{60,}",
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_HINTS = [
    "createobject",
    "activexobject",
    "wscript",
    "powershell",
    "pwsh",
    "iex",
    "invoke-expression",
    "webclient",
    "download",
    "start-process",
    "mshta",
    "rundll32",
    "regsvr32",
    "certutil",
    "bitsadmin",
    "wmic",
    "cscript",
    "eicar",
    "#@~^",
    "eval",
    "unescape",
    "fromcharcode",
    "autoopen",
    "auto_open",
    "autoexec",
    "document_open",
    "workbook_open",
]
"""One of these stands in whatever `_HOLDS` finds: seeking it takes a second for some megabytes."""
_CELL = re.compile(
    r"(?:^|[,;\t|])[ \t\u00a0\ufeff\u200b]*[\"']?[ \t\r\n\u00a0\ufeff\u200b]*([=+\-@\uff1d\uff0b\uff0d\uff20][^\r\n]{1,2000})",
    re.MULTILINE,
)
_DDE = re.compile(
    r"^[=+\-@\uff1d\uff0b\uff0d\uff20\s(]*[^\n|]{0,200}?[\w.)'\"$]\s*\|\s*['\"]{0,4}[^\n!]{0,600}['\"]{0,4}\s*!",
    re.DOTALL,
)

_COMMAND = re.compile(
    r"\b(cmd|powershell|mshta|rundll32|regsvr32|msexcel|excel|winword|wscript|cscript|certutil)\b", re.IGNORECASE
)


def looks(media_type: str) -> bool:
    """Look at every kind of text."""
    return media_type in _KINDS


def look(source: Source, findings: Findings) -> Finding | None:
    """Read it as a shell, as Windows and as a spreadsheet would."""
    text = source.text
    if source.media_type not in ("message/rfc822", "application/mbox") and _BEGINS.match(text):
        return refused("is a script, or a text that makes a program act")
    lower = text.lower()
    if any(hint in lower for hint in _HINTS) and _HOLDS.search(text):
        return refused("holds commands of a script")
    if re.search(r"<\s*script[\s>]|<\s*iframe[\s>]|<\?php", text[: 1 << 20], re.IGNORECASE):
        return refused(why_page(text) or "holds a script of a web page")
    if source.media_type in ("text/csv", "text/plain"):
        reason, formulas = _why_cells(text, is_table=source.media_type == "text/csv")
        if reason:
            return refused(reason)
        if formulas and source.media_type == "text/csv":
            findings["has_formulas"] = True
    return None


def _why_cells(text: str, *, is_table: bool) -> tuple[str, bool]:
    """Return what is wrong with cells that a spreadsheet takes for formulas, and whether there are any.

    Plain formulas pass: sums, telephone numbers and lists with dashes are common in honest tables.
    """
    seen = False
    for cell in _CELL.finditer(text) if re.search(r"[|(=]", text) else ():
        formula = cell[1]
        is_formula = formula[0] in "=\uff1d" or (is_table and not formula[1].isspace())
        seen = seen or is_formula
        if "|" in formula and "!" in formula and _DDE.match(formula) and (is_formula or _COMMAND.search(formula)):
            return "holds a cell that starts another program (DDE) when it is opened as a table", True
        if is_formula and "(" in formula:
            reason = why_formula(formula[1:].replace('""', '"'))
            if reason and "DDE" not in reason:
                return reason, True
    return "", seen
