# rdv-caldav: `make run` serves a demo agency, `make test` runs everything that has to be green.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The locks are complete: installing them resolves nothing (--no-deps), so that a release made
# later elsewhere cannot come in by a dependency of a dependency.
LOCKS := config/locks
# texts, icons and browser libraries are made when the package is installed (web/build.py)
CATALOGUES := $(wildcard web/rdv_web/translations/*/LC_MESSAGES/*.po)
RDV_BIND ?= 127.0.0.1:5232
RDV_DATA_DIR ?= var
export RDV_BIND RDV_DATA_DIR

.DEFAULT_GOAL := help
.PHONY: help install install-test run test check lint types imports pytest unit bench clients browser format lock clean

help:  ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make virtual environments: install its venv package (Debian: python3-venv)"; exit 1; }

$(VENV)/.run: $(LOCKS)/build.txt $(LOCKS)/run.txt pyproject.toml web/build.py web/package-lock.json $(CATALOGUES) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCKS)/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCKS)/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(LOCKS)/test.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCKS)/test.txt
	@touch $@

install: $(VENV)/.run  ## make .venv with what is needed to run

install-test: $(VENV)/.test  ## ... and to test

run: install  ## serve the demo agency (RDV_BIND and RDV_DATA_DIR move it)
	@$(BIN)/rdv-caldav upgrade >/dev/null
	@$(BIN)/rdv-caldav demo --if-empty
	@exec $(BIN)/rdv-caldav serve

test: check  ## everything that has to be green

check: lint types imports pytest

lint: install-test  ## style, spelling, dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/deptry .

types: install-test  ## types
	$(BIN)/mypy

imports: install-test  ## layers point one way
	$(BIN)/lint-imports --no-logo

pytest: install-test  ## all tests, with coverage
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term
	$(BIN)/coverage report --include='rdv_caldav/domain/*,rdv_caldav/ical/*' --fail-under=100

unit: install-test  ## the quick tests only
	$(BIN)/python -m pytest tests/unit -q

bench: install-test  ## measure the speed of CalDAV (BENCH="…" for more: tests/bench/README.md)
	PYTHONPATH=tests $(BIN)/python -m bench $(BENCH)

clients: install-test  ## real programs and public suites against the server
	$(BIN)/python -m pytest tests/clients -q -rs

browser: install-test  ## the panel in a real browser
	$(BIN)/python -m pytest tests/browser -q

format: install-test  ## bring the code into form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: | $(VENV)/bin/python  ## choose versions anew and lock them with their hashes
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet uv
	cd $(LOCKS) && ../../$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade -o build.txt build.in
	cd $(LOCKS) && ../../$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade -o run.txt ../../pyproject.toml
	cd $(LOCKS) && ../../$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade -c run.txt -o test.txt --group ../../pyproject.toml:test

clean:  ## remove what was built, never data
	rm -rf $(VENV) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
