"""What sources said and what was computed from it (DuckLake)."""
