"""Settings that an admin changes while the product runs: what each value means, reading them, setting one.

Not here: environment variables, which are read at start (warehouse/settings.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.errors import BadInput
from warehouse.ledger.store import Ledger
from warehouse.ledger.system_settings import lock_setting, read_settings, write_setting


@dataclass(frozen=True)
class SystemSetting:
    """A choice: its key in the ledger, its name, and each value with what it means; the first value is the default."""

    key: str
    title: str
    values: Mapping[str, str]

    @property
    def default(self) -> str:
        """The value where none is stored."""
        return next(iter(self.values))

    @property
    def takes(self) -> str:
        """What it can be, in words."""
        return _listed(self.values)

    def stored(self, value: str) -> str | None:
        """Return a value as it is stored; None where it is none of this setting."""
        return value if value in self.values else None


@dataclass(frozen=True)
class NumberSetting:
    """A whole number within bounds: its key in the ledger, its name, what it means, and what it counts."""

    key: str
    title: str
    meaning: str
    unit: str
    lowest: int
    highest: int
    default: str

    @property
    def takes(self) -> str:
        """What it can be, in words."""
        return f"a whole number from {self.lowest:,} to {self.highest:,}"

    def stored(self, value: str) -> str | None:
        """Return a number as it is stored, also where thousands are set apart; None where it is none of this setting."""
        digits = value.strip().replace(",", "")
        if not re.fullmatch(r"[0-9]{1,15}", digits):
            return None
        return str(int(digits)) if self.lowest <= int(digits) <= self.highest else None


SETTINGS: tuple[SystemSetting | NumberSetting, ...] = (
    SystemSetting(
        "autonomy_mode",
        "What the product may do by itself",
        {
            "manual": "A person starts every delivery, and every trial of one. What was started is looked for to its end.",
            "supervised": "The product tries each approved package up to the last act, once; a person starts each delivery.",
            "autonomous": "Once all have signed, the product delivers by itself where a portal permits it, up to the value below.",
        },
    ),
    NumberSetting(
        "autonomy_ceiling_usd",
        "Up to which value the product delivers by itself",
        "Asked only where it is autonomous. An offer above it, or one that states no value, waits for a person to start it.",
        "dollars",
        0,
        1_000_000_000,
        "250000",
    ),
    SystemSetting(
        "llm_provider",
        "Who reads notices beside the ranker",
        {
            "offline": "Nobody: rules and the local ranker. No text leaves this machine.",
            "anthropic": "Claude by Anthropic; where it gives no answer, GPT by OpenAI if that key is set too."
            " Texts of notices and the company profile are sent there.",
            "openai": "GPT by OpenAI; where it gives no answer, Claude by Anthropic if that key is set too."
            " Texts of notices and the company profile are sent there.",
        },
    ),
    NumberSetting(
        "llm_ask_from_points",
        "From which fit score on a model is asked",
        "Below it nobody pays for a second opinion. 100 asks about almost nothing, 0 about everything that no rule excludes.",
        "points",
        0,
        100,
        "63",
    ),
    NumberSetting(
        "llm_batch_from",
        "From how many calls on a run asks in batches",
        "Vendors answer batches at half the price, within a day: a later run reads them. Fewer, and what a person asks for, are asked"
        " at once. 0: never in batches.",
        "calls",
        0,
        100_000,
        "20",
    ),
    NumberSetting(
        "llm_ceiling_day_usd",
        "Most that models may cost in a day",
        "By UTC. What is being asked counts with the most it can cost, so that the sum never passes this.",
        "dollars",
        0,
        100_000,
        "5",
    ),
    NumberSetting(
        "llm_ceiling_vendor_day_usd",
        "Most that one vendor of models may cost in a day",
        "By UTC. Where it is reached, the other vendor is asked.",
        "dollars",
        0,
        100_000,
        "5",
    ),
    NumberSetting(
        "llm_ceiling_month_usd",
        "Most that models may cost in a month",
        "By UTC. Where it is reached, rules and the ranker go on alone.",
        "dollars",
        0,
        1_000_000,
        "50",
    ),
    NumberSetting(
        "llm_ceiling_opportunity_cents",
        "Most that models may cost for one opportunity",
        "Over all its time, asking again included.",
        "cents",
        0,
        100_000,
        "50",
    ),
    SystemSetting(
        "require_second_factor",
        "A second factor for everybody",
        {
            "off": "Each person may set one up on the page Account.",
            "on": "Nobody signs in without one; who has none sets it up right after the password.",
        },
    ),
    SystemSetting(
        "allow_unscanned_files",
        "Files that no scan can look into",
        {
            "no": "They go into no package and nobody opens them here.",
            "yes": "An officer of the offer who did not upload it may let one pass, by name and with a reason.",
        },
    ),
)


def list_settings(ledger: Ledger, *, by: Person) -> list[tuple[SystemSetting | NumberSetting, str]]:
    """Return every setting with its present value.

    Raises:
        NotPermitted: `by` may not look at settings.
    """
    access.check(by, Action.READ_SETTINGS)
    with ledger.read(by) as tx:
        stored = read_settings(tx)
    return [(setting, stored.get(setting.key, setting.default)) for setting in SETTINGS]


def set_setting(ledger: Ledger, key: str, value: str, *, by: Person) -> bool:
    """Give a setting a value; False when it has it already. It counts from the next question on, without a restart.

    Raises:
        NotPermitted: `by` may not change settings.
        BadInput: there is no such setting, or it does not take this value.
    """
    access.check(by, Action.EDIT_SETTINGS)
    setting = next((s for s in SETTINGS if s.key == key), None)
    if setting is None:
        raise BadInput(
            f"there is no setting {key!r}.",
            kept="nothing was changed.",
            todo=f"take {_listed(s.key for s in SETTINGS)}.",
        )
    wanted = setting.stored(value)
    if wanted is None:
        raise BadInput(f"{key} cannot be {value!r}.", kept="the value as it was.", todo=f"take {setting.takes}.")
    has_changed = False
    with ledger.deed(AuditEvent("setting:set", key, by.id, {"now": wanted}), by) as deed:
        was = lock_setting(deed, key)
        if was == wanted:
            deed.nothing_happened()
        write_setting(deed, key, wanted)
        deed.note(was=was)
        has_changed = True
    return has_changed


def _listed(words: Iterable[str]) -> str:
    return " or ".join(words)
