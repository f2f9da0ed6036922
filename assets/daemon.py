"""Dagster's daemon as `up` runs it, `python -m assets.daemon run -w WORKSPACE`: its own program behind our logs."""

import runpy

from warehouse import logs

if __name__ == "__main__":
    logs.start("daemon", takes_output=True)
    runpy.run_module("dagster._daemon", run_name="__main__", alter_sys=True)
