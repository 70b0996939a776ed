# `make demo` and `make test` each do all the set-up they need, and only once.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test pictures

demo: .venv/demo
	$(BIN)/gradsheet demo

test: .venv/test
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/mypy
	$(BIN)/pytest

# The pictures in docs/images, from the programs themselves (needs LibreOffice and poppler).
pictures: .venv/demo
	sh docs/make-pictures.sh $(BIN)

.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

.venv/test: .venv/demo
	$(PIP) --editable '.[test]'
	touch $@
