# Everything starts here. A machine with python3 (3.11 or newer), pip, make and git is enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
export OMP_WAIT_POLICY := PASSIVE

.PHONY: all env demo test test-fast check docs format bench clean
all: check test

env: $(STAMP)
# pip compiles byte code even where PYTHONDONTWRITEBYTECODE is set: it saves seconds at every start.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,report,postgres,frames,scale,ray,s3,fast,search,dev]'
	touch $(STAMP)

demo: env
	$(BIN)/lorascope demo

test: env
	$(BIN)/python -m pytest

test-fast: env
	$(BIN)/python -m pytest -m 'not slow' -n auto

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/architecture

format: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: env
	$(BIN)/python tools/write_docs.py

bench: env
	$(BIN)/python benchmarks/run_all.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
