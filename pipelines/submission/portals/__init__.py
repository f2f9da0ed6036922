"""Portal profiles: the TOML text and its faults by line, what all ways share, versions in use, rehearsals."""
