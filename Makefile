PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Tests start hundreds of processes: none should compile all modules again because the machine asks Python to keep no bytecode.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-long test-gpu lint docs clean

demo: .venv/demo  ## Install offline and train ScaLearn++ on the built-in benchmark
	$(BIN)/scalearn run --method scalearn++ --target toy/claim --sources entailment,question,claim --backbone minilm
	$(BIN)/scalearn leaderboard --benchmark toy
	@echo 'next: $(BIN)/scalearn run --method adapterfusion --target toy/claim --sources entailment,question,claim --backbone minilm   (reuses these adapters)'
	@echo '      $(BIN)/scalearn-tui   (the dashboard)'

test: .venv/test lint  ## Install what tests need and pass them
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q

test-gpu:  ## Pass the tests that need a GPU, with the packages of PYTHON
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -q -s tests/gpu

test-long: .venv/test  ## Pass the tests that take minutes: runs that are killed at random, error rates, LaTeX, a browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -s tests/long

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

docs: .venv/test  ## Write the command-line reference from the help of all commands
	$(BIN)/python docs/cli_reference.py > docs/cli.md.new
	mv docs/cli.md.new docs/cli.md

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable '.[offline]'
	@touch $@

.venv/test: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable '.[offline,dev]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
