"""What a portal takes of files, as its profile states it, against the files of a package; asked before anything is sent."""

from collections.abc import Sequence

from pipelines.submission.executor import ParcelFile
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.package import size_words


def faults_of_files(files: Sequence[ParcelFile], profile: PortalProfile) -> list[str]:
    """Say which files are too large, too many, of another type or too long a name; a sentence each."""
    limits, total = profile.limits, sum(file.size for file in files)
    found = [fault for file in files if (fault := _fault_of(file, profile))]
    if limits.total_bytes and total > limits.total_bytes:
        found.append(
            f"The files have {size_words(total)} together, and {profile.title} takes {size_words(limits.total_bytes)}."
        )
    if limits.files and len(files) > limits.files:
        found.append(f"There are {len(files)} files, and {profile.title} takes {limits.files}.")
    return found


def _fault_of(file: ParcelFile, profile: PortalProfile) -> str:
    limits, ending = profile.limits, file.name.rpartition(".")[2].lower()
    if limits.file_bytes and file.size > limits.file_bytes:
        return f"{file.name} has {size_words(file.size)}, and {profile.title} takes {size_words(limits.file_bytes)} a file."
    if limits.types and ending not in limits.types:
        return f"{file.name} is of a type that {profile.title} does not take: {', '.join(limits.types)}."
    if limits.name_characters and len(file.name) > limits.name_characters:
        return f"{file.name} has a name of {len(file.name)} characters, and {profile.title} takes {limits.name_characters}."
    return ""
