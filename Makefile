# The two commands are `make run` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter of 3.11 or newer that this user may execute.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
READY := $(VENV)/ready

help: ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Procura needs python 3.11 or newer (with venv); none was found. Set PYTHON=/path/to/python3." >&2; exit 1; }
	@echo "Installing into $(VENV) (exactly requirements.lock, by hash) ..."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@# Our own code is put on the path by one line: no build backend outside the lock is fetched.
	@$(BIN)/python -c 'import sysconfig, pathlib, os; pathlib.Path(sysconfig.get_path("purelib"), "procura.pth").write_text(os.getcwd() + "\n")'
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m cli.main "$$@"\n' > $(BIN)/procura && chmod 755 $(BIN)/procura
	@touch $(READY)

install: $(READY) ## make the virtual environment

run: $(READY) ## start everything and print the addresses (Ctrl-C stops it)
	@exec $(BIN)/python -m cli.main up

test: $(READY) ## run every test but the long campaigns
	@exec $(BIN)/python -m tests.run_tests $(ARGS)

check: $(READY) ## format, lint, types, import contracts, generated files, fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.run_tests --check

.pretalx/ready: tests/third_party/pretalx/requirements.lock $(READY)
	@echo "Installing pretalx apart, a portal of somebody else for the long campaigns ..."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .pretalx
	@$(BIN)/uv pip install --quiet --python .pretalx/bin/python --require-hashes -r $<
	@touch $@

soak: $(READY) ## run the long campaigns
	@$(MAKE) --no-print-directory .pretalx/ready || echo "pretalx could not be installed: the portal of somebody else is left out."
	@exec $(BIN)/python -m tests.run_tests --soak $(ARGS)

bench: $(READY) ## measure, as ratios in one run, and write docs/performance.md
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@exec $(BIN)/python -m tests.bench.run $(ARGS)

sql: $(READY) ## a read-only SQL prompt on lake and ledger
	@exec $(BIN)/python -m cli.main sql

cli: $(READY) ## any command: make -s cli ARGS="status --json"
	@exec $(BIN)/python -m cli.main $(ARGS)

docs: $(READY) ## write the generated pages of docs/
	@exec $(BIN)/python -m tests.generate_docs

lock: $(VENV)/bin/uv ## resolve the dependencies anew
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --quiet --custom-compile-command "make lock" -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --group bench --universal --generate-hashes --quiet --custom-compile-command "make lock" -c requirements.lock -o requirements-bench.lock
	@$(BIN)/uv pip compile tests/third_party/pretalx/requirements.in --universal --python-version 3.11 --generate-hashes --quiet --custom-compile-command "make lock" -o tests/third_party/pretalx/requirements.lock

.PHONY: help install run test check soak bench sql cli docs lock
