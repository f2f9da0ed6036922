"""Looking into files: what a file is by its content, what it unpacks to, and whether it holds what may not leave the firm.

Here: the readers of formats, the checks, the child process they run in, ClamAV's client. Not here: what is stored of a
scan (warehouse/ledger/submission_files.py), who may let a file pass that could not be looked into (files.py).
"""
