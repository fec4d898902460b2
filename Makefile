# Two commands do everything: `make site` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

MAKEFLAGS += --jobs=2

.PHONY: site test check clean

site: $(VENV)/.run
	$(BIN)/sitegen build
	@echo "The site is in $(CURDIR)/public. To read it:"
	@echo "    $(BIN)/python -m http.server --directory public 8000    # http://localhost:8000/"

test: check $(VENV)/pygments tests/browser/node_modules
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not alone"
	$(BIN)/pytest -m alone

check: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) --editable '.[run,docs]'
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(INSTALL) --editable '.[run,docs,test]'
	@touch $@

# Pygments' source, for its examples; without it the test that reads them says why it skips.
$(VENV)/pygments: $(VENV)/.test
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
	    --no-build-isolation --constraint constraints.txt --dest $@ pygments && touch $@ \
	    || { rm -rf $@; echo "pip did not get Pygments' source; the test of its examples will skip"; }

# The checkers of the rendered pages come from npm; without them those tests say why they skip.
tests/browser/node_modules: tests/browser/package.json
	@npm install --prefix tests/browser --no-package-lock --no-audit --no-fund --silent && touch $@ \
	    || echo "npm did not install the page checkers; the tests that need them will skip"

clean:
	rm -rf $(VENV) public .sitegen tests/browser/node_modules
