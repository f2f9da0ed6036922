"""When it happens: Dagster definitions only."""
