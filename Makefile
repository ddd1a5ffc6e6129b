# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= 2
# One process more than cores, since the tests of clusters mostly wait.
TESTERS ?= $(shell expr $$(nproc) + 1)

.PHONY: help run test lint sandbox-image readme clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: .venv/ready  ## the whole loop on the embedded mini study, on a CPU
	.venv/bin/snakemake --profile profiles/mini --cores $(CORES)

test: .venv/ready lint  ## linters and every test
	OMP_NUM_THREADS=1 .venv/bin/pytest --numprocesses $(TESTERS) --dist loadscope --no-loadscope-reorder

lint: .venv/ready  ## style, types, import layers, workflow
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check workflow
	.venv/bin/snakemake --lint --configfile config/mini.yaml
	.venv/bin/mypy
	.venv/bin/lint-imports

sandbox-image: .venv/ready  ## build the docker backend's image now instead of on first use
	.venv/bin/python -m codeq.sandbox.image

# The environment is remade when the pins change.
.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --requirement requirements.txt
	.venv/bin/pip install --quiet --no-deps --editable .
	touch $@

readme: .venv/ready  ## write the results of the finished mini study into README.md
	.venv/bin/python scripts/readme.py results/mini --readme README.md --plot benchmarks/mini-fix-rates.svg

clean:  ## remove the environment (results stay)
	rm -rf .venv
