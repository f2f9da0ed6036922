"""Where a person types it: one file a group of commands."""
