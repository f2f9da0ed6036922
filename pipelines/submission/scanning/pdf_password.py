"""Which password a sealed PDF asks for."""

import io

from pipelines.submission.scanning.buffers import Bytes


def which_password(data: Bytes) -> str:
    """Return `owner` when it opens without a password but is protected against changes, else `user`."""
    from pypdf import PdfReader

    try:
        return "owner" if PdfReader(io.BytesIO(data[:])).decrypt("") else "user"
    except Exception:  # noqa: BLE001 - only the words of a refusal depend on it, and pypdf raises whatever hostile bytes lead to
        return "user"
