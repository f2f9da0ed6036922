"""Hand-over to a person: everything is checked and laid out, a named person uploads it, and the receipt comes from there.

For portals whose terms forbid a machine (PIEE, eBuy, NSPIRES, DSIP and any other). Nothing here goes to a network. What the
person is shown is the pages' (app/widgets/delivery_hand_over.py), the receipt is taken by deliver.py.
"""

from pipelines.submission.executor import Desk, Parcel
from warehouse.domain.delivery import Answer, Finding, Handed
from warehouse.domain.executor import entries, faults_of_fields

NAME = "assisted"


class Assisted:
    """The way in which a person acts."""

    name = NAME

    def faults(self, parcel: Parcel) -> list[str]:
        """Say what the person could not work with: a missing portal, no file, two files of one name."""
        missing = [f"{label} {fault}." for label, fault in faults_of_fields(NAME, parcel.fields).items()]
        if not parcel.files:
            missing.append("The package holds no file.")
        names = [file.name.casefold() for file in parcel.files]
        twice = sorted({file.name for file in parcel.files if names.count(file.name.casefold()) > 1})
        missing += [f"{name} is there twice: a portal takes one file of a name." for name in twice]
        return missing

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """Lay everything out and hand it over.

        The last act begins here: from now on the person may upload at any moment, so the package stays as it was signed.
        """
        fields = entries(parcel.fields.get("entries", ""))
        desk.step(f"Laid out {_count(len(fields), 'field')} to copy and {_count(len(parcel.files), 'file')} to upload.")
        desk.begin_act()
        return _handed(parcel)

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """Hand it over: the worker that laid it out was cut off, and nobody but the person can look there."""
        return _handed(parcel)


def _handed(parcel: Parcel) -> Handed:
    where = parcel.fields.get("portal_name") or "the portal"
    return Handed(f"Upload it at {where}, then bring the receipt. Our reference is {parcel.reference}.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


EXECUTOR = Assisted()
