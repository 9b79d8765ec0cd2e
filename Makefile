# Every target sets up its own environment first. The second call is fast.
# Another interpreter:  make test PYTHON=python3.12

PYTHON ?= python3
JOBS ?= 2
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
LAB_STAMP := $(VENV)/.ready-lab
NOTEBOOKS := $(wildcard book/part*/*.ipynb book/instructor/*.ipynb solutions/*.ipynb)

# One thread per process: results do not depend on the machine, and two processes share two cores.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.PHONY: help setup test test-slow lint book handouts serve lab execute exercises evidence bench clean distclean

help:
	@echo "make book       build the site and the lecture decks into book/_build/html"
	@echo "make handouts   build the site and print each deck to a PDF (needs Chromium)"
	@echo "make test       run the tests, the notebook guard and the strict notebook comparison"
	@echo "make test-slow  run the slow tests"
	@echo "make lint       check the style of the code"
	@echo "make serve      build the site and serve it on this computer (PORT=8000)"
	@echo "make lab        open the notebooks in JupyterLab"
	@echo "make execute    run the notebooks and store their outputs (NB=path for some)"
	@echo "make exercises  make the exercise notebooks from their solutions"
	@echo "make evidence   recompute the results that are too costly for a notebook"
	@echo "make bench      measure speed"
	@echo "make setup      make the environment in $(VENV); the other commands do it when needed"
	@echo "make clean      remove the built site"
	@echo "make distclean  remove the built site and the environment"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed. Name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@# An environment whose making was interrupted has no pip; it is made anew.
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Setting up $(VENV). This takes a few minutes, once."
	@# torch first and alone, so that the build already chosen for this machine is kept.
	$(PY) -m pip install --progress-bar off -q -c constraints.txt torch
	$(PY) -m pip install --progress-bar off -q -c constraints.txt -e ".[book,test]"
	@touch $@

$(LAB_STAMP): $(STAMP)
	$(PY) -m pip install --progress-bar off -q -c constraints.txt -e ".[lab]"
	@touch $@

test: $(STAMP)
	$(PY) -m pytest -n $(JOBS) --dist loadfile --durations=10 \
	  --nbval --nbval-current-env --nbval-cell-timeout 300 tests $(NOTEBOOKS)

test-slow: $(STAMP)
	$(PY) -m pytest -n $(JOBS) --dist loadfile --durations=10 -m slow tests

lint: $(STAMP)
	$(PY) -m ruff check .

book: $(STAMP)
	$(VENV)/bin/jupyter-book build book --warningiserror --keep-going
	@echo "Open book/_build/html/index.html"

handouts: book
	@$(PY) book/slides/handouts.py book/_build/html/slides

serve: book
	$(PY) -m http.server --bind localhost --directory book/_build/html $(PORT)

lab: $(LAB_STAMP)
	$(VENV)/bin/jupyter lab

execute: $(STAMP)
	$(PY) -m rxcourse.notebooks execute $(or $(NB),$(NOTEBOOKS))

exercises: $(STAMP)
	$(PY) -m rxcourse.grading.exercises

evidence: $(STAMP)
	@for script in book/evidence/[0-9]*.py; do echo "$$script"; $(PY) "$$script" || exit 1; done

bench: $(STAMP)
	$(PY) -m rxcourse.bench

clean:
	rm -rf book/_build

distclean: clean
	rm -rf $(VENV)
