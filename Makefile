PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint audit bench pin clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/base: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev: $(VENV)/base requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/audit: requirements-audit.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-audit.txt
	@touch $@

demo: $(VENV)/base ## set everything up and run the demo: no network, no account
	$(BIN)/marktecho demo

test: $(VENV)/dev lint ## set everything up and pass the tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(VENV)/dev $(VENV)/audit ## licences and known vulnerabilities of the dependencies (needs a network for the latter)
	.ci/audit

bench: $(VENV)/dev ## speed and memory; writes bench/RESULTS.md
	$(BIN)/python -m bench

pin: ## pin the versions of pyproject.toml with hashes (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
		--output-file requirements.txt
	uv pip compile --group dev --constraint requirements.txt --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --quiet --output-file requirements-dev.txt
	uv pip compile --group audit --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
		--output-file requirements-audit.txt

clean: ## remove the environment
	rm -rf $(VENV)
