"""The rehearsal portal: where offers are delivered in demos and tests, with every fault that a real one shows.

Started as `python -m tests.fakes.portal --port 0 --state FOLDER`; MANUAL.md is what a bidder is told, docs/rehearsal.md how
to try a delivery with it. Everything is in one SQLite file, which other processes may read while it serves.
"""
