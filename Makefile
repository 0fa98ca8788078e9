# Two commands for newcomers: `make run` and `make test`. The rest is for those who work here.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV := .venv/bin/python

.PHONY: run test lint lock bench-watch bench-credit bench-search bench-transcode bench-webhooks audit clean help

run: ## install, prepare the demonstration city, serve it
	@$(PYTHON) deploy/prepare.py run && exec $(VENV) -m app run

test: ## install what the tests need, then every check and test
	@$(PYTHON) deploy/prepare.py test && exec $(VENV) deploy/check.py

lint: ## the checks without the tests
	@$(VENV) deploy/check.py lint

lock: ## pin the dependencies again, with hashes
	@for list in requirements requirements-uv requirements-ffmpeg requirements-node requirements-face requirements-test; do \
	  .venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 --universal --no-header $$list.in -o $$list.txt || exit 1; done

bench-watch: ## what a beat costs, as one line of JSON
	@$(VENV) -m bench.watch

bench-credit: ## what sealing, proofs and a learner's hours cost, as one line of JSON
	@$(VENV) -m bench.credit

bench-search: ## what finding courses costs, beside tantivy, as one line of JSON
	@$(VENV) -m bench.search

bench-webhooks: ## ten thousand payment notices with kills between; every order must end right; one line of JSON
	@$(VENV) -m bench.webhooks

bench-transcode: ## what the pipeline costs beside bare ffmpeg, how soon a lesson plays, MB per hour; one line of JSON
	@$(VENV) -m bench.transcode

audit: ## check the ledger and its log, naming everything that is wrong
	@$(VENV) -m app audit

clean: ## forget what was installed and built, keep the data
	@rm -rf .venv node_modules app/static/dist

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /: /'
