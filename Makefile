# Slipway's front door. A rule is one line or calls a script; `make` alone lists them. Demo, install and test share one release build in
# .build. A learner's builds lie beside it: LAB in .build-lab-NN, MINE in .build-mine.
.DEFAULT_GOAL := help
.PHONY: help setup build test demo bench install check clean doctor lab hint solution progress reset final labs update
PREFIX ?= /usr/local
SANDBOX := Tests/Sandbox/run
BIN = $(shell swift build -c release --show-bin-path)
LAB := .build-lab/debug/slip-lab
N ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the packages that are missing (needs the Swift toolchain 6.2 or later)
	@.ci/setup

build: setup ## build everything, once, in release mode
	@swift build -c release

test: ## run every test in the sandbox, and compare the host before and after (FILTER=Regex for some)
	@.ci/test

demo: build ## make an image, put it on a registry, pull and run it with limits; show layers, namespaces, cgroup and kernel calls
	@chapters/demo.sh $(BIN)

bench: build ## measure ratios to docker and crun, where they are installed
	@$(BIN)/slip-bench

install: build ## copy the programs to PREFIX/bin and PREFIX/libexec/slipway (PREFIX=/usr/local)
	@.ci/install $(BIN) $(DESTDIR)$(PREFIX)

check: ## check format and tidiness; with N=03, check your exercises of lab 03
ifeq ($(N),)
	@swift format lint --strict --parallel --recursive --configuration .swift-format Sources Tests labs/*/Checks Package.swift
	@.ci/tidy
else
	@$(MAKE) --no-print-directory $(LAB)
	@$(LAB) check $(N)
endif

clean: ## remove everything that was built (not your exercises)
	rm -rf .build .build-*

doctor: build ## say what this machine can do, and which labs can run
	@$(BIN)/slip-doctor

lab: $(LAB) ## begin lab N: make your copy of its module (never overwritten) and read the brief (N=03)
	@$(LAB) begin $(N)

hint: $(LAB) ## the next hint for an exercise (N=03.2)
	@$(LAB) hint $(N)

solution: $(LAB) ## the reference's answer to an exercise, and why (N=03.2)
	@$(LAB) solution $(N)

progress: $(LAB) ## what you have done
	@$(LAB) progress

reset: $(LAB) ## begin lab N again; your work is kept beside it (N=03)
	@$(LAB) reset $(N)

update: $(LAB) ## merge a newer reference into your copy (N=03)
	@$(LAB) update $(N)

final: build ## build the whole engine from YOUR modules and run its system tests (MINE=03)
	@$(MAKE) --no-print-directory $(LAB)
	@$(LAB) final $(MINE)

labs: $(LAB) ## prove the labs: the starter says "not written yet", the reference passes twice, each mutant is caught by its check
	@$(LAB) prove $(N)

# The checker is built from the reference, in a folder of its own and without the HTTP packages, so that a first check is quick.
.PHONY: $(LAB)
$(LAB): setup
	@LAB= MINE= ONLY=slip-lab swift build --quiet --scratch-path .build-lab --product slip-lab
