"""How following a recipe ends before its last act: one error for each thing that the page said. None of them leaves the executor."""


class RecipeEnd(Exception):
    """The recipe cannot be followed further; the text says why, for the person who reads the run."""


class SaysNo(RecipeEnd):
    """The portal does not take it, and says so; the text is its own words."""


class IsClosed(SaysNo):
    """The call takes no more offers; the text is the portal's own words."""


class IsBusy(RecipeEnd):
    """The portal does not answer, or asks to try later: nothing arrived."""


class PageChanged(RecipeEnd):
    """The page is not as the recipe says; the text says what was looked for and what was seen."""


class SessionEnded(RecipeEnd):
    """The portal asks to sign in again."""
