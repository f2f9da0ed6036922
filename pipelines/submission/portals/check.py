"""Everything that is wrong with the text of a portal profile, with its lines: what all ways share and its way's own part.

Not here: the rows of profiles and who may change them (profiles.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.submission.executor import Executor, find_executors
from pipelines.submission.portals.profile import BY_MACHINE, PortalProfile, read_profile
from pipelines.submission.portals.text import Fault, read_toml


@dataclass(frozen=True)
class CheckedProfile:
    """A text that was checked.

    Attributes:
        profile: None where what all ways share is not as it must be.
        faults: By line; warnings are among them.
    """

    profile: PortalProfile | None
    faults: tuple[Fault, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing but warnings was found."""
        return self.profile is not None and all(fault.is_warning for fault in self.faults)

    @property
    def may_be_activated(self) -> bool:
        """Whether deliveries could use it: sound, and with a basis where a machine works."""
        return self.is_sound and self.profile is not None and not lacks_basis(self.profile)


def lacks_basis(profile: PortalProfile) -> bool:
    """Say whether a machine would work there and nobody is named who permits it."""
    return profile.executor in BY_MACHINE and profile.basis is None


def check_text(text: str, *, executors: Mapping[str, Executor] | None = None) -> CheckedProfile:
    """Read a profile and say everything that is wrong with it."""
    profile, faults = read_profile(text)
    if profile is None:
        return CheckedProfile(None, tuple(sorted(faults, key=lambda fault: fault.line)))
    read = read_toml(text)
    assert not isinstance(read, Fault)  # noqa: S101 - it was read just now
    executor = (find_executors() if executors is None else executors).get(profile.executor)
    said = getattr(executor, "faults_of_profile", None)
    faults += [read.fault(key, words) for key, words in (said(profile) if said else [])]
    warned = getattr(executor, "warnings_of_profile", None)
    faults += [
        read.fault(key, words, is_warning=True) for key, words in (warned(profile) if warned and not faults else [])
    ]
    if lacks_basis(profile):
        words = "nobody is named who permits that a machine works there: it can be checked and rehearsed, not activated"
        faults.append(Fault(0, "basis", words, is_warning=True))
    return CheckedProfile(profile, tuple(sorted(faults, key=lambda fault: fault.line)))
