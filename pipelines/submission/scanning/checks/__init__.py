"""One file each: a thing that a file may not be or hold.

A check offers `looks(media_type) -> bool` and `look(source, findings) -> Finding | None`. The folder is walked: a new
file is asked from then on. One that does not import makes every file `not_scanned`, never clean.
"""
