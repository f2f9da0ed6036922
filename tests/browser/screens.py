"""The screens that every page is looked at on: width in pixels, and whether it is dark."""

import pytest

SCREENS = [
    (1440, False),
    (390, True),
    pytest.param(1440, True, marks=pytest.mark.slow),
    pytest.param(390, False, marks=pytest.mark.slow),
]
"""`make test` looks at two of them, which between them have both widths and both schemes; `make soak` at the rest."""
