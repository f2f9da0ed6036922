"""Source to raw landing to lake to what can still be answered."""
