# Two commands: `make demo` and `make test`. They need Python 3.10 to 3.13, git and make, and set up the rest in .venv.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
SAMPLES ?=
EXCHANGES ?=
TESTS ?=
# four processes, since many tests wait; a file stays in one process, and the long ones begin (tests/conftest.py)
PARALLEL ?= -n 4 --dist loadfile --no-loadscope-reorder

# containers often forbid to keep compiled code: each of the many processes would compile all of it again
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
comma := ,
# Installs with a line a package and keeps pip's answer, which a pipe would lose.
INSTALL = @rm -f $(VENV)/failed; \
	{ $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -e '$(1)' || touch $(VENV)/failed; } \
	| grep --line-buffered -E '^(Collecting|Building wheels)' || true; \
	test ! -e $(VENV)/failed
# The first that is a Python this project runs on; a PYTHON that was asked for is the only one looked at.
PYTHONS := $(if $(filter file,$(origin PYTHON)),$(PYTHON) python3.13 python3.12 python3.11 python3.10 python,$(PYTHON))
FIND_PYTHON := for python in $(PYTHONS); do \
	  if $$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then echo $$python; break; fi; done

.PHONY: help demo demo-check test test-services soak lint format bench samples exchanges front-end clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: $(VENV)/demo front-end ## a TOM with a night of alerts on http://127.0.0.1:8000 (PORT=8001; LIVE=1 listens to the real Hopskotch)
	@exec $(BIN)/python -u example_tom/demo.py --port $(PORT) $(if $(filter-out 0 no,$(LIVE)),--live)

demo-check: $(VENV)/demo front-end ## the demo without a person: plays the night, checks every page, ends
	@exec $(BIN)/python -u example_tom/demo.py --check

test: $(VENV)/test ## the tests that need nothing but Python (TESTS=path to choose)
	$(BIN)/python -m pytest $(PARALLEL) $(TESTS)

test-services: $(VENV)/test front-end ## the tests on a real Kafka, PostgreSQL and browser (Java 17, Maven, PostgreSQL, Chromium)
	@PATH="$(abspath $(BIN)):$$PATH" PARALLEL="$(PARALLEL)" .ci/services

soak: $(VENV)/test front-end ## the long versions of the fault tests
	@PATH="$(abspath $(BIN)):$$PATH" SOAK=1 .ci/services

lint: $(VENV)/lint ## ruff, and mypy on the pure modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

format: $(VENV)/lint ## puts the code into the form that `make lint` wants
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(VENV)/test ## the benchmarks; writes benchmarks/results.json and fails if a figure falls short
	$(BIN)/python benchmarks/run.py

samples: $(VENV)/test ## every stored message of SAMPLES=folder through the parsers
	@if [ -n "$(SAMPLES)" ] && [ -d "$(SAMPLES)" ]; then \
	  $(BIN)/python tests/samples_check.py "$(SAMPLES)" || exit 1; \
	  if $(BIN)/python -c 'import ligo.skymap' 2>/dev/null; then $(BIN)/python tests/skymaps_check.py "$(SAMPLES)"; \
	  else echo "samples: sky maps skipped, there is no ligo.skymap for this Python"; fi; \
	  else echo "samples: skipped, there is no folder of stored messages; name one: make samples SAMPLES=folder"; fi

exchanges: $(VENV)/test ## the stand-ins against exchanges recorded with the real servers, in EXCHANGES=folder
	@if [ -n "$(EXCHANGES)" ] && [ -d "$(EXCHANGES)" ]; then \
	  $(BIN)/python tests/hermes_exchanges_check.py "$(EXCHANGES)" && $(BIN)/python tests/exchanges_check.py treasuremap "$(EXCHANGES)"; \
	  else echo "exchanges: skipped, there is no folder of recorded exchanges; name one: make exchanges EXCHANGES=folder"; fi

clean: ## removes .venv, node_modules and the demo's database
	rm -rf $(VENV) example_tom/node_modules demo

front-end: ## Bootstrap, Alpine and Aladin Lite from npm, where there is npm; else the pages ask the CDN that TOM Toolkit asks
	@cd example_tom; \
	if ! command -v npm >/dev/null; then echo "There is no npm: Bootstrap and Alpine come from TOM Toolkit's CDN, Aladin Lite from CDS."; \
	elif [ node_modules/.package-lock.json -nt package-lock.json ]; then :; \
	else echo "Installing Bootstrap, Alpine and Aladin Lite ..."; \
	  npm ci --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-timeout=20000 && touch node_modules/.package-lock.json \
	  || { rm -rf node_modules; echo "npm could not install them: they come from TOM Toolkit's CDN."; }; \
	fi

$(VENV)/made:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
	  echo "This needs Python 3.10 to 3.13; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not here). Install one, or name it: PYTHON=/path/to/python3.12"; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version) ..."; \
	$$python -m venv $(VENV) && touch $@ \
	|| { rm -rf $(VENV); echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

# Each stamp is made anew only when pyproject.toml changes.
$(VENV)/demo: pyproject.toml | $(VENV)/made
	@echo "Installing TOM Toolkit and this suite (a minute or two the first time) ..."
	$(call INSTALL,.)
	@touch $@

$(VENV)/test: pyproject.toml | $(VENV)/made
	@echo "Installing the suite and its test tools (a minute or two the first time) ..."
	$(call INSTALL,.[test])
	@touch $@ $(VENV)/demo

$(VENV)/lint: pyproject.toml | $(VENV)/made
	$(call INSTALL,.[test$(comma)lint])
	@touch $@ $(VENV)/test $(VENV)/demo
