"""One file a source; the folder is walked."""
