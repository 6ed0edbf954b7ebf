# Each target explains itself: make help
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# One more than most machines have cores: some tests wait for browsers and servers.
WORKERS ?= 3
export PORT
# What is installed is compiled by all cores, and what Python compiles later it keeps, whatever the machine says: each of hundreds of
# processes would compile for seconds.
export UV_COMPILE_BYTECODE = 1
unexport PYTHONDONTWRITEBYTECODE


.PHONY: help run test test-plugin test-sqlite test-postgres check format bench screenshots messages locks machine clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: .venv/base.stamp ## Start Guildhall with its demo on http://127.0.0.1:8000 (PORT= changes it); Ctrl-C stops it
	@DEMO=$${DEMO-1} $(BIN)/guildhall prepare $(if $(filter-out 0,$(or $(DEMO),1)),--demo)
	@DEMO=$${DEMO-1} exec $(BIN)/guildhall serve --port $(PORT)

test: test-sqlite test-plugin test-postgres ## Run every test and every browser journey, on SQLite and on PostgreSQL

test-sqlite: .venv/dev.stamp machine ## Run every test on SQLite
	$(BIN)/pytest -n $(WORKERS)

test-postgres: .venv/dev.stamp machine ## Run every test on a PostgreSQL of its own
	$(BIN)/python tests/with_postgres.py $(BIN)/pytest -n $(WORKERS)

test-plugin: .venv/dev.stamp ## Run the example plug-in's test with the plug-in in place
	PLUGINS=thanks $(BIN)/pytest plugins/example

check: .venv/dev.stamp ## Style, types, import contracts, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy guildhall
	$(BIN)/lint-imports
	$(BIN)/guildhall makemigrations --check --dry-run
	$(BIN)/guildhall check

format: .venv/dev.stamp ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.stamp ## Measure the pages (ARGS="--postgres --growth …"); docs/performance.md explains the figures
	$(BIN)/python tests/bench/pages.py $(ARGS)

screenshots: .venv/dev.stamp machine ## Make the README's pictures anew
	$(BIN)/python tests/screenshots.py

messages: .venv/dev.stamp machine ## Collect the sentences to be translated into each room's locale folder
	$(BIN)/python tests/collect_messages.py

locks: .venv/base.stamp ## Lock the requirements anew, with hashes and without addresses
	for set in uv base dev; do $(BIN)/uv pip compile requirements/$$set.in --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --quiet --output-file requirements/$$set.txt; done

machine: ## Install Chromium, PostgreSQL and gettext where one may, else say what to install
	@tests/machine

clean: ## Remove the environment and all local data
	rm -rf .venv var

.venv/uv.stamp: requirements/uv.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt || echo "No uv on this machine: pip it is."
	@touch $@

.venv/base.stamp: .venv/uv.stamp requirements/base.txt pyproject.toml
	@echo "Installing what Guildhall runs on …"
	@$(call install,requirements/base.txt)
	@$(call editable,.)
	@touch $@

.venv/dev.stamp: .venv/base.stamp requirements/dev.txt
	@echo "Installing what tests and checks need …"
	@$(call install,requirements/dev.txt)
	@$(call editable,plugins/example)
	@touch $@

# uv installs ten times faster than pip; where it is not to be had, pip reads the same locks.
INSTALLER = if test -x $(BIN)/uv; then install="$(BIN)/uv pip install --quiet --python $(BIN)/python"; \
  else install="$(BIN)/pip install --quiet --disable-pip-version-check"; fi
install = $(INSTALLER); $$install --require-hashes -r $(1)
editable = $(INSTALLER); $$install --no-deps --no-build-isolation --editable $(1)
