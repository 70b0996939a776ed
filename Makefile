# `make demo` and `make test` each create the environment they need, and only once.
PYTHON ?= python3
BIN := .venv/bin
CORE := .venv-core/bin
INSTALL := -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
# A process a core, each with one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist worksteal
# Sums differ in their last bits from processor to processor; the tests must hold on each.
AVX2 := ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_CBWR=AVX2
PORTABLE := MKL_CBWR=COMPATIBLE

.PHONY: demo test test-all check test-core pictures examples explorer explorer-sources sheets

demo: .venv/demo
	$(BIN)/gradsheet demo

# Ruff, mypy and the tests that take a moment; then the core in an environment without torch.
test: check test-core
	$(PYTEST) -m "not slow"

# What the pages need comes first: with Node.js their tests are among those that take a moment.
test-all:
	if command -v npm >/dev/null; then $(MAKE) explorer-sources; fi
	$(MAKE) test
	$(PYTEST) -m slow
	if grep -qs avx512f /proc/cpuinfo; then $(AVX2) $(PYTEST) -m "not slow" tests/digits tests/models; fi
	$(PORTABLE) $(PYTEST) -m "not slow" tests/models

check: .venv/test
	$(BIN)/ruff check src tests benchmarks docs examples
	$(BIN)/ruff format --check src tests benchmarks docs examples
	$(BIN)/mypy

test-core: .venv-core/wheel
	$(CORE)/pytest tests/core tests/cli/test_audit.py

# The ready-made workbooks, for those who install nothing.
examples: .venv/demo
	$(BIN)/python examples/build.py

# The pictures in docs/images, from the programs themselves (needs LibreOffice and Chromium).
pictures: .venv/demo
	sh docs/make-pictures.sh $(BIN)

# The pages for a browser, from their TypeScript (needs Node.js); the built files are committed.
explorer: explorer-sources
	$(BIN)/python -m gradsheet.explorer.python_runtime explorer/node_modules/pyodide src/gradsheet/explorer/runtime
	cd explorer && npx tsc --noEmit && node build.mjs ../src/gradsheet/explorer/pages

# The presets' workbooks for backprop.html, after a change of what a workbook holds. The page's IronCalc
# loads what ironcalc 0.8.3 writes and nothing newer, so that has an environment of its own.
sheets: .venv/demo
	rm -rf build/sheets && mkdir -p build/sheets
	$(BIN)/python -m gradsheet.explorer.sheets explorer/src/backprop build/sheets
	$(PYTHON) -m venv --clear build/icalc
	build/icalc/bin/python -m pip --disable-pip-version-check install --quiet ironcalc==0.8.3
	build/icalc/bin/python explorer/icalc.py build/sheets src/gradsheet/explorer/runtime

# What is generated of them, and the libraries.
explorer-sources: .venv/demo explorer/node_modules/.package-lock.json
	$(BIN)/python -m gradsheet.explorer.table explorer/src/engine
	$(BIN)/python -m gradsheet.explorer.digit_data explorer/src/digits
	$(BIN)/python -m gradsheet.explorer.sheets explorer/src/backprop

explorer/node_modules/.package-lock.json: explorer/package-lock.json
	cd explorer && npm ci --silent --no-audit --no-fund

.venv/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python $(INSTALL) --editable '.[all]'
	touch $@

.venv/test: .venv/demo
	$(BIN)/python $(INSTALL) --editable '.[test]'
	touch $@

# The package as a wheel and what it depends on, without the extras.
.venv-core/wheel: .venv-core/dependencies $(shell find src -type f -not -name '*.pyc')
	rm -rf build .venv-core/dist
	$(CORE)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir .venv-core/dist .
	$(CORE)/python $(INSTALL) --no-deps --force-reinstall .venv-core/dist/*.whl
	touch $@

.venv-core/dependencies: pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear .venv-core
	$(CORE)/python $(INSTALL) . openpyxl pytest
	touch $@
