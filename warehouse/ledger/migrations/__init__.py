"""Alembic revisions, ordered and never edited once released."""
