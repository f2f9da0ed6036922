"""The trade's words and rules. Pure: no I/O, no clock, standard library only."""
