# Retail Analytics Platform. `make` explains itself. Every target installs what it needs.
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -euc
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

CACHE := $${XDG_CACHE_HOME:-$$HOME/.cache}/retail-analytics-platform
# uv, Jupyter and matplotlib keep to the one cache directory; a path with a space stays one word.
define ENTER
export UV_CACHE_DIR="$(CACHE)/uv-cache" UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS="$${UV_SYSTEM_CERTS:-1}"
export MPLCONFIGDIR="$(CACHE)/matplotlib" IPYTHONDIR="$(CACHE)/ipython" JUPYTER_PLATFORM_DIRS=1
export JUPYTER_DATA_DIR="$(CACHE)/jupyter" JUPYTER_CONFIG_DIR="$(CACHE)/jupyter" JUPYTER_RUNTIME_DIR="$(CACHE)/jupyter/runtime"
export PATH="$$PWD/.venv/bin:$(CACHE)/tools/uv-$(UV_VERSION)/bin:$$PATH"
export LANG="$${LANG:-C.UTF-8}"
endef
UV_VERSION := $(shell sed -n 's/^UV_VERSION=//p' bin/setup)
# One worker has the shared local AWS to itself, the other runs all that does not need it. ARGS="-n 0" for a debugger.
TWO_WORKERS := -n 2 --dist loadgroup
# The checkout's own local AWS, as `make env` prints it.
define ENTER_LOCAL_AWS
$(ENTER)
eval "$$(local-aws env)"
endef

.PHONY: help
help: ## Show this help
	@printf 'Retail Analytics Platform\n\n  make demo   the whole platform on this machine, end to end\n  make test   the test suite\n\n'
	awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	printf '\nLOCAL_AWS_PORT moves local AWS from port 4566; state lives in XDG_STATE_HOME, downloads in XDG_CACHE_HOME.\n'

.PHONY: setup
setup: ## Install the locked Python packages (other targets do this by themselves)
	@bin/setup

.PHONY: demo
demo: setup ## Take a source database to analytics in Athena: everything, end to end
	@$(ENTER)
	local-aws demo

.PHONY: up
up: setup ## Start local AWS in the background; returns when it is healthy
	@$(ENTER)
	local-aws up

.PHONY: down
down: setup ## Stop every process that `make up` started
	@$(ENTER)
	local-aws down

.PHONY: status
status: setup ## Show local AWS: engines, ports, health, logs
	@$(ENTER)
	local-aws status

.PHONY: env
env: setup ## Print the shell variables that point AWS tools here: eval "$(make -s env)"
	@$(ENTER)
	local-aws env

.PHONY: package
package: setup ## Build jobs, wheels, functions and layers into build/ (TARGET=local|lambda)
	@$(ENTER)
	[ "$${TARGET:-local}" != local ] || eval "$$(local-aws env)"
	retail package --target "$${TARGET:-local}"

.PHONY: deploy
deploy: package ## Apply every Terraform root on local AWS, in order
	@$(ENTER_LOCAL_AWS)
	retail deploy

.PHONY: destroy
destroy: setup ## Destroy every Terraform root on local AWS and prove that nothing is left
	@$(ENTER_LOCAL_AWS)
	retail destroy
	local-aws inventory

.PHONY: bootstrap
bootstrap: setup ## On AWS: create the bucket of Terraform's remote state and print how to use it
	@$(ENTER)
	retail bootstrap

.PHONY: tunnel
tunnel: setup ## On AWS: forward ports to the private databases and print their variables
	@$(ENTER)
	retail tunnel

.PHONY: dashboard
dashboard: setup ## Open the dashboard as an app in the browser
	@$(ENTER_LOCAL_AWS)
	voila batch-etl-pipeline/notebooks/dashboard.ipynb --Voila.ip=127.0.0.1

.PHONY: airflow
airflow: setup ## Run Airflow with the hourly DAG on local AWS, at http://127.0.0.1:8090
	@bin/setup airflow
	$(ENTER_LOCAL_AWS)
	batch-etl-pipeline/airflow/run serve

.PHONY: test
test: setup ## Run the test suite: unit, Terraform and end-to-end on one shared local AWS
	@bin/setup airflow browser load
	$(ENTER)
	pytest $(TWO_WORKERS) -m "not slow" $(ARGS)

.PHONY: test-all
test-all: setup ## Run every test, the long faults and full sizes too
	@bin/setup airflow browser load
	$(ENTER)
	pytest $(TWO_WORKERS) $(ARGS)

.PHONY: bench
bench: setup ## Run the benchmarks beside their rivals and print ratios
	@bin/setup load
	$(ENTER)
	for benchmark in benchmarks/*.py; do printf '\n== %s\n' "$$benchmark"; python "$$benchmark"; done

.PHONY: lint
lint: setup ## Check style, types, layers and Terraform formatting
	@$(ENTER)
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	terraform fmt -check -recursive .

.PHONY: fmt
fmt: setup ## Format Python and Terraform
	@$(ENTER)
	ruff check --fix .
	ruff format .
	terraform fmt -recursive .

.PHONY: docs
docs: setup ## Generate FIDELITY.md, template.json and the pictures in images/
	@$(ENTER)
	local-aws fidelity
	python bin/cloudformation_json.py
	python images/generate.py
