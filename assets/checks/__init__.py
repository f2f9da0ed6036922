"""One asset check a file, named as the true statement."""
