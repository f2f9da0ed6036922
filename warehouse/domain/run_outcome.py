"""What a run of a source came to: that nothing came has six reasons, and only some of them are trouble."""

from enum import StrEnum


class RunOutcome(StrEnum):
    """Why a run of a source brought what it brought (column `discovery_runs.outcome`)."""

    CAME = "came"
    NO_NEWS = "no_news"
    NOT_ASKED = "not_asked"
    NO_KEY = "no_key"
    KEY_REFUSED = "key_refused"
    QUOTA = "quota"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"

    @property
    def is_trouble(self) -> bool:
        """Whether somebody must do something; a source without a key, or one whose requests are used up, is calm."""
        return self in {RunOutcome.KEY_REFUSED, RunOutcome.BROKEN}
