"""pretalx, a call for proposals: sign-in, a form of several pages, uploads, a list of own proposals with their codes."""
