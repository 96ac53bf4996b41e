# Two commands for everyone: `make demo` and `make test`. CONTRIBUTING.md names the rest.
# Everything is installed into .venv and js/node_modules; only the browser comes from the system.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RESULTS := test-results
# JupyterLab asks for this flag in a container, where everyone is root
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test bench test-extras lint types unit front-end fresh notebooks browser browser-tests packaging bundle clean

demo: $(VENV)/lab ## open JupyterLab on the first notebook
	@echo "evalwidget: installed into $(VENV); opening JupyterLab on notebooks/01-quickstart.ipynb (Ctrl-C twice ends it)"
	$(BIN)/jupyter lab $(AS_ROOT) notebooks/01-quickstart.ipynb

test: lint types front-end fresh unit notebooks browser-tests packaging ## all checks but those that need torch
	@echo "evalwidget: all checks passed"

bench: $(VENV)/test ## our speed beside our peers', in some minutes
	$(BIN)/pip install --quiet --group bench
	$(BIN)/python benchmarks/bench_boxes.py
	$(BIN)/python benchmarks/bench_files.py
	$(BIN)/python benchmarks/bench_grounding.py
	$(BIN)/python benchmarks/bench_changes.py
	$(BIN)/python benchmarks/bench_text.py
	$(BIN)/python benchmarks/bench_dynamics.py
	$(BIN)/python benchmarks/bench_overlays.py

test-extras: $(VENV)/test ## the checks that need torch, models or scikit-learn; torch first, so that nothing brings another
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet torch==2.13.0 --editable ".[examples,semantic,bertscore]" --group extras
	$(BIN)/python -m pytest -m extras --junitxml=$(RESULTS)/extras.xml

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test
	$(BIN)/mypy

unit: $(VENV)/test
	$(BIN)/python -m pytest -m "not browser and not extras and not packaging and not notebooks" \
		--junitxml=$(RESULTS)/unit.xml

notebooks: $(VENV)/test
	$(BIN)/python -m pytest -m notebooks --junitxml=$(RESULTS)/notebooks.xml

browser-tests: $(VENV)/test browser
	$(BIN)/python -m pytest -m browser --junitxml=$(RESULTS)/browser.xml

packaging: $(VENV)/test
	$(BIN)/python -m pytest -m packaging --junitxml=$(RESULTS)/packaging.xml

front-end: js/node_modules/.installed
	npm --prefix js run check

fresh: bundle ## the committed bundle is what the sources build
	git diff --exit-code -- evalwidget/static evalwidget/labextensions || \
		(echo "evalwidget/static or evalwidget/labextensions is not what js/ builds: commit the result of 'make bundle'"; exit 1)

bundle: js/node_modules/.installed
	npm --prefix js run build

browser: ## a chromium or chrome: the system's, installed where it can be
	@command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core >/dev/null && command -v chromium; } || \
		{ echo "The browser tests need chromium or chrome on PATH: install it (Debian: apt-get install chromium)"; exit 1; }

$(VENV)/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evalwidget needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	@touch $@

# the sidebar is copied, not linked: a new one has to be installed
$(VENV)/lab: $(VENV)/pip pyproject.toml evalwidget/labextensions/evalwidget/package.json
	$(BIN)/pip install --quiet --editable ".[lab]"
	@touch $@

$(VENV)/test: $(VENV)/lab
	$(BIN)/pip install --quiet --group test
	@mkdir -p $(RESULTS)
	@touch $@

js/node_modules/.installed: js/package-lock.json
	npm --prefix js ci --ignore-scripts --no-audit --no-fund
	@touch $@

clean:
	rm -rf $(VENV) js/node_modules $(RESULTS)
