# `make` alone prints the goals. PYTHON=python3.12 takes another interpreter; ARGS="hw23c --no-cache" goes to rlproofs or pytest.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
PIP_ARGS ?=
# Tests of one file run one after the other, files side by side on the cores there are.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadgroup
VENV := .venv
BIN := $(VENV)/bin

# Three stamps, so that `make verify` installs neither documentation nor test tools. Each kind contains the one before.
CORE := $(VENV)/.core
ALL := $(VENV)/.all
NIGHT := $(VENV)/.night
BROKEN := $(shell test -x $(BIN)/python || echo broken)
INPUTS := pyproject.toml constraints.txt $(BROKEN)

.PHONY: help verify test lint types unit site solutions shots browser nightly clean-clone breakages guards mutants killed clean broken

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# ---- set-up ----

define heading
@printf '\n== %s\n' '$(1)'
endef

# Old enough Pythons cannot parse new syntax, hence the plain style of this line.
OLD := import sys; v = sys.version_info; \
	sys.exit(0 if v >= (3, 11) else "rlproofs needs Python 3.11 or newer; $(PYTHON) is %d.%d. Try: make PYTHON=python3.12" % v[:2])

# A virtual environment whose making was interrupted has no pip, and is made again.
define install
@$(BIN)/python -c 'import pip' 2>/dev/null || { \
	command -v $(PYTHON) >/dev/null || { echo 'rlproofs needs Python 3.11 or newer; $(PYTHON) was not found. Try: make PYTHON=python3.12' >&2; exit 1; }; \
	$(PYTHON) -c '$(OLD)' && $(PYTHON) -m venv --clear $(VENV); }
@printf '\n== set-up: installing %s into %s (torch is the large part)\n' '$(1)' '$(VENV)'
@$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[$(1)]'
endef

$(CORE): $(INPUTS)
	$(call install,torch)
	@touch $(CORE)

$(ALL): $(INPUTS)
	$(call install,torch$(comma)envs$(comma)test$(comma)lint$(comma)docs)
	@touch $(CORE) $(ALL)

$(NIGHT): $(INPUTS)
	$(call install,torch$(comma)envs$(comma)test$(comma)lint$(comma)docs$(comma)nightly)
	@touch $(CORE) $(ALL) $(NIGHT)

comma := ,

# ---- the steps, each once ----

define ruff
$(call heading,style: ruff)
@$(BIN)/ruff check .
endef

define mypy
$(call heading,types: mypy)
@$(BIN)/mypy
endef

define claims
$(call heading,claims: rlproofs verify)
@$(BIN)/rlproofs verify $(ARGS)
endef

define pages
$(call heading,site: mkdocs build --strict)
@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
endef

# ---- the goals ----

verify: $(CORE) ## verify every claim and print the summary; nothing changed: recorded results, in seconds
	@$(BIN)/rlproofs verify $(ARGS)

test: $(ALL) ## everything: style, types, claims, strict site, tests, browser tests
	$(ruff)
	$(mypy)
	$(call heading,claims: rlproofs verify)
	@$(BIN)/rlproofs verify
	$(pages)
	$(call heading,tests: pytest)
	@$(BIN)/pytest tests proofs $(SIDE_BY_SIDE) $(ARGS)

lint: $(ALL) ## style: ruff
	$(ruff)

types: $(ALL) ## types: mypy, strict on the kernel, the primitives and the statistics
	$(mypy)

unit: $(ALL) ## the tests that open no browser
	@$(BIN)/pytest tests -m 'not browser and not nightly' $(ARGS)

site: $(ALL) ## verify, then build the site, offline and strict
	$(claims)
	$(pages)

solutions: $(ALL) ## verify, build the site, and print each homework page on A4 into build/solutions
	$(claims)
	$(pages)
	@$(BIN)/python -m proofs.runner.site.solutions site build/solutions

shots: $(ALL) ## verify, build the site, and take pictures of its main pages into build/shots: laptop, phone, light, dark, print
	$(claims)
	$(pages)
	@$(BIN)/python tests/site/shots.py --site site --out build/shots

browser: $(ALL) ## open the pages in Chromium and read them
	@$(BIN)/pytest tests -m 'browser and not nightly' $(ARGS)

nightly: $(NIGHT) ## fresh samples, calibration, kill -9, hash seeds, mechanical mutants; recorded for the site
	@$(BIN)/python tests/nightly.py $(ARGS)
	$(pages)

breakages: $(ALL) ## apply each deliberate breakage of tests/breakages.toml and see it go red
	@$(BIN)/python tests/breakages.py $(ARGS)

guards: $(ALL) ## delete each guard of the judge and see an attack succeed
	@$(BIN)/python tests/kernel/guards.py $(ARGS)

mutants: $(NIGHT) ## change the judge in 300 places, one after the other, and see a test notice; ARGS=evidence: statistics and runner
	@$(BIN)/python tests/mutation/run.py $(ARGS)

killed: $(ALL) ## kill -9 at 50 random moments of a run; nothing finished is lost, and the end is that of an undisturbed run
	@$(BIN)/python tests/kill9.py $(ARGS)

clean-clone: ## clone HEAD elsewhere, run both commands there, write times and exit codes as JSON
	@$(PYTHON) tests/clean_clone.py $(ARGS)

clean: ## remove .venv, the built site and caches; the ledger stays
	@rm -rf $(VENV) site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
