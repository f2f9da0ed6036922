"""Parts that several pages draw the same way."""
