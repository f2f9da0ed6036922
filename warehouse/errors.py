"""Every error that a person may meet, each saying what happened, what was kept and what to do.

ProcuraError
├── BadInput            a file, a record, an argument or a setting is not as it must be
├── NotFound            the thing asked for does not exist (or may not be seen)
├── NotPermitted        this person may not do this
├── NotSignedIn         no session, or it has ended
├── WrongState          the thing is not in a state that allows the deed
├── AlreadyRunning      another process holds the home, or the same run is open
├── StoreUnavailable    PostgreSQL or the lake does not answer
├── DiskFull            the disk or a size limit is used up
├── SourceUnavailable   a source does not answer, or refuses
│   ├── SourceFileMissing
│   ├── SourceQuotaExceeded
│   ├── SourceKeyRefused
│   ├── SourcePlanLacks
│   └── SourceDiffers
├── VaultRefused        a sealed secret is not opened
└── AuditBroken         the audit log does not verify
"""


class ProcuraError(Exception):
    """The base of all of ours.

    Args:
        what: What happened, to which thing; one sentence.
        kept: What is safe nevertheless; may be empty.
        todo: What the reader can do; may be empty.
    """

    def __init__(self, what: str, *, kept: str = "", todo: str = "") -> None:
        self.what, self.kept, self.todo = what, kept, todo
        super().__init__(what)

    def __str__(self) -> str:
        """Write the form of the style guide: the name and what, then kept, then to do."""
        lines = [f"{type(self).__name__}: {self.what}"]
        if self.kept:
            lines.append(f"  Kept: {self.kept}")
        if self.todo:
            lines.append(f"  To do: {self.todo}")
        return "\n".join(lines)


class BadInput(ProcuraError):
    """A file, a record, an argument or a setting is not as it must be."""


class NotFound(ProcuraError):
    """The thing asked for does not exist, or may not be seen by who asks."""


class NotPermitted(ProcuraError):
    """This person may not do this; the message says who may."""


class NotSignedIn(ProcuraError):
    """There is no session, or it has ended."""


class WrongState(ProcuraError):
    """The thing is not in a state that allows the deed."""


class AlreadyRunning(ProcuraError):
    """Another process holds the home, or the same run is open already."""


class StoreUnavailable(ProcuraError):
    """PostgreSQL or the lake does not answer."""


class DiskFull(ProcuraError):
    """The disk, or a limit on size, is used up."""


class SourceUnavailable(ProcuraError):
    """A source does not answer, or refuses."""


class SourceFileMissing(SourceUnavailable):
    """The source answers, and has no file of that name (HTTP 404)."""


class SourceQuotaExceeded(SourceUnavailable):
    """A source has answered that today's requests are used up."""


class SourceKeyRefused(SourceUnavailable):
    """A source has refused the key, or says that it has expired."""


class SourcePlanLacks(SourceUnavailable):
    """What was asked for is not part of what was paid for; the same question would only be refused again."""


class SourceDiffers(SourceUnavailable):
    """A source does otherwise than it is documented: it refuses a question, repeats its pages, or has another shape."""


class AuditBroken(ProcuraError):
    """The audit log does not verify; the message names the first position that does not hold."""


class VaultRefused(ProcuraError):
    """A sealed secret is not opened: moved, rolled back, changed, or its key is not here. Never says the secret."""
