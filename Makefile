# Every command that a user types. `make` alone explains them.
#
# What is fresh is decided by stages/plan.py, which names every artifact by what decides its content; make only asks
# whether the file that says "complete" exists.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# Threads that wait for each other spin for tens of microseconds, not for milliseconds as they do by default: as fast
# where the machine is free, and where it is not, it does not come to a halt (docs/benchmarks.md).
export GOMP_SPINCOUNT ?= 10000
# Stages run in children of a process that has imported what they need. It belongs to the make that a user types, ends
# with it, and is named by its process number (docs/architecture.md). `make WARM=` does without.
ifndef WARM
WARM := $(shell echo $$PPID)
endif
export WARM

DATASET ?=## dataset: jhmdb, ucf101_24, ava, folder, stickworld (default: pipeline.yaml's)
SPLIT ?=## label split: 1, 75/25, 50/50-0, full, a file, ...  (docs/protocols.md; default: pipeline.yaml's)
HEAD ?=## method: METHODS (docs/methods.md; default: pipeline.yaml's)
TRAINED_ON ?=## another dataset to train the head on        (default: none; docs/protocols.md)
RECIPE ?=## a recipe of pipeline.yaml, for example yolox-nano
WORKERS ?=## index, detect and encode on so many local processes (default: none, in one process)
SCHEDULER ?=## or on the workers of a dask scheduler: tcp://HOST:8786
GPUS ?=## train the head on so many GPUs of this host     (default: one)
SET ?=## settings for this command: "encoder.crop=pad training.lr=1e-3"
VIDEO ?=## of `make ask`: a file, "a.mp4, b.mov", a folder, or a list (.txt, a path a line)
LABELS ?=## of `make ask`: "juggle a ball, wave, clap", or a file: one a line, or YAML with texts
FORMAT ?=## of `make export`: h5 or npz                      (default: h5)
KIND ?=## of `make export`: frame, person, ..., text, encoder  (docs/export.md; default: all that the head reads)
OUT ?=## of `make ask`, `export`, `table`, `report`: folder for the files  (default: results/ask/NAME, export/DATASET, results/DATASET/...)
STAGE ?=## of `make why` and `make invalidate`: index, groundtruth, finetune, detect, track, encode, text, train, score, evaluate
SPLITS ?=## of `make table`: 1,2 or 50/50-0,50/50-1 ..., or without: each class left out once  (default: all published)
SEEDS ?=## of `make table`: trainings of each head            (default: 1)
HEADS ?=## of `make table`: methods, commas between           (default: HEAD= and both baselines)
APPLY ?=## of `make gc`: 1 removes what it lists
DAYS ?=## of `make gc`: what changed in so many days stays  (default: 14)
TRAINED ?=## of `make gc`: 1 takes trained heads too
JOBS ?=## processes of `make test` and `make test-all`       (default: 2)
TESTS ?=## what `make test` runs: "tests/cache -k kill"        (default: everything quick)

define newline


endef
quoted = '$(subst $(newline), ,$(subst ','\'',$(1)))'
option = $(if $(value $(1)), --$(2) $(call quoted,$(value $(1))))
CHOICE = $(call option,DATASET,dataset)$(call option,SPLIT,split)$(call option,HEAD,head)\
         $(call option,TRAINED_ON,trained-on)$(call option,RECIPE,recipe)$(call option,WORKERS,workers)$(call option,SCHEDULER,scheduler)\
         $(call option,GPUS,gpus)$(call option,SET,set)
TABLE = $(call option,SPLITS,splits)$(call option,SEEDS,seeds)$(call option,HEADS,heads)$(call option,OUT,out)
ASK = $(call option,VIDEO,video)$(call option,LABELS,labels)$(call option,OUT,out)
EXPORT = $(call option,FORMAT,format)$(call option,KIND,kind)$(call option,OUT,out)
PYTHON := .venv/bin/python
RUN := $(PYTHON) -m
STAGE := $(PYTHON) -I -S zsstad_core/warm/client.py
# make gives the commands of $(shell) its own environment, not what it exports.
PLANNER = WARM=$(WARM) GOMP_SPINCOUNT=$(GOMP_SPINCOUNT) $(STAGE)
ONE_THREAD = OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1}
METHODS = $(patsubst zsstad_core/methods/%/settings.py,%,$(sort $(wildcard zsstad_core/methods/*/settings.py)))
AGAIN = $(MAKE)  # named so that `make -n` prints the line and does not follow it
PLANNED := extract train eval report index groundtruth finetune detect track encode text score evaluate
NEEDS_ENVIRONMENT := demo $(PLANNED) ask table plan status doctor why verify invalidate gc timing export settings test test-all test-faults lint format pretrain-demo

.PHONY: help setup requirements clean $(NEEDS_ENVIRONMENT)

help:  ## this text
	@echo "make TARGET [VARIABLE=value …]"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {sub(/:.*/, "", $$1); printf "  %-14s %s\n", $$1, $$2}' Makefile; echo
	@awk -v methods='$(METHODS)' -F ' [?]=## ' 'BEGIN {gsub(/ /, ", ", methods)} \
		/^[A-Z_]+ [?]=## / {sub(/METHODS/, methods, $$2); printf "  %-14s %s\n", $$1 "=", $$2}' Makefile

setup:  ## make .venv with Python 3.12 and the pinned packages (other targets do it when it is missing)
	@bash .ci/environment

clean:  ## remove the environment and what tools left; caches stay
	rm -rf .venv .uv .plan .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The environment is as wanted when it was made from these very requirements.
ifneq ($(shell cmp -s requirements.txt .venv/requirements.txt && echo yes),yes)

.NOTPARALLEL:
$(NEEDS_ENVIRONMENT):
	@bash .ci/environment
	@$(AGAIN) --no-print-directory $@

else

ifneq ($(filter $(PLANNED),$(MAKECMDGOALS)),)
PLAN := $(shell $(PLANNER) stages.plan --makefile $(CHOICE))
ifeq ($(PLAN),)
$(error nothing was started)
endif
include $(PLAN)
endif

ifneq ($(filter ask,$(MAKECMDGOALS)),)
ifneq ($(filter-out ask,$(MAKECMDGOALS)),)
$(error make ask stands alone: its videos and labels are settings of their own)
endif
ASK_PLAN := $(shell $(PLANNER) stages.ask --makefile $(CHOICE)$(ASK))
ifeq ($(ASK_PLAN),)
$(error nothing was started)
endif
include $(ASK_PLAN)
endif

ifneq ($(filter table,$(MAKECMDGOALS)),)
ifneq ($(filter-out table,$(MAKECMDGOALS)),)
$(error make table stands alone: its runs have settings of their own)
endif
TABLE_PLAN := $(shell $(PLANNER) stages.table --makefile $(CHOICE)$(TABLE))
ifeq ($(TABLE_PLAN),)
$(error nothing was started)
endif
include $(TABLE_PLAN)
endif

demo:  ## the whole job on the bundled benchmark: a method beside both baselines, a table, pictures (some minutes)
	@heads=$$($(RUN) demo.heads) || exit; for head in $$heads; do $(AGAIN) -s --no-print-directory evaluate DATASET=stickworld HEAD=$$head || exit; done
	@$(RUN) demo.show $(CHOICE) --dataset stickworld

extract: | $(EXTRACTED)  ## index, detect and encode: everything frozen, once, into the cache
	@echo $(call quoted,$(EXTRACT_MESSAGE))

train: | $(TRAINED)  ## train the head on the seen classes of the split
	@echo $(call quoted,$(TRAIN_MESSAGE))

eval: | $(EVALUATED)  ## score, evaluate, print the table and the path of metrics.json
	@$(STAGE) stages.metrics $(CHOICE)

report: | $(EVALUATED)  ## write what was found, and why, as one HTML file to look at, and print its path (OUT=)
	@$(STAGE) stages.report $(CHOICE)$(call option,OUT,out)

table: | $(TABLED)  ## train and evaluate what is missing of a paper's table, and print it (SPLITS=, SEEDS=, HEADS=)
	@$(STAGE) stages.table $(CHOICE)$(TABLE)

ask: | $(ASKED)  ## who does what in your own videos, by your own words (VIDEO=, LABELS=, OUT=; docs/ask.md)
	@$(STAGE) stages.ask $(CHOICE)$(ASK) --anew $(call quoted,$(ASKED_ANEW))

# One stage, with what it needs and lacks.
index: | $(INDEX)  ## stage: the clips and the frames they really have
groundtruth: | $(GROUNDTRUTH)  ## stage: annotated boxes and classes
finetune: | $(FINETUNE)  ## stage: the detector, fine-tuned on the seen classes of the split (detector.finetune)
	@echo $(call quoted,$(FINETUNE_MESSAGE))
detect: | $(DETECT)  ## stage: person and object boxes
track: | $(TRACK)  ## stage: detected persons followed through a video, where clips are tracklets
encode: | $(ENCODE)  ## stage: CLIP tokens of frames, persons, objects
text: | $(TEXT)  ## stage: CLIP tokens of the class names
score: | $(SCORE)  ## stage: every test person against its labels
evaluate: | $(EVALUATED)  ## stage: frame mAP

plan:  ## what is fresh, partial, missing or stale, and why
	@$(RUN) stages.plan $(CHOICE)

status:  ## videos that were set aside because a stage could not read them, and why
	@$(RUN) stages.status $(CHOICE)

doctor:  ## look for what ruins a mAP, in whatever is made so far; fails where something is found (docs/doctor.md)
	@$(RUN) stages.doctor $(CHOICE)

why:  ## what a stage's artifacts are and why, in full (STAGE=)
	@$(RUN) stages.why $(CHOICE)$(call option,STAGE,stage)

verify:  ## compare every byte of the cache with what was recorded; fails where something is damaged
	@$(RUN) stages.verify $(CHOICE)

invalidate:  ## remove what a stage made, so that the next make redoes it (STAGE=)
	@$(RUN) stages.invalidate $(CHOICE)$(call option,STAGE,stage)

gc:  ## list what no plan needs any more; APPLY=1 removes it
	@$(RUN) stages.gc $(CHOICE)$(call option,DAYS,older-than)$(if $(filter 1,$(APPLY)), --apply)$(if $(filter 1,$(TRAINED)), --trained)

timing:  ## where the time went, stage by stage
	@$(RUN) stages.timing $(CHOICE)

export:  ## tokens with their index as HDF5 or npz files, for other people's code
	@$(RUN) stages.export $(CHOICE)$(EXPORT)

settings:  ## write pipeline.yaml (if there is none) and docs/settings.md from the defaults
	@$(RUN) stages.settings

test:  ## the quick tests, every time the same
	@$(ONE_THREAD) PYTHONHASHSEED=$${PYTHONHASHSEED:-0} $(RUN) pytest -n $(or $(JOBS),2) $(TESTS)

test-all:  ## all tests, also those that take minutes; hypothesis draws new examples, and shows a counterexample as a line to add
	@$(ONE_THREAD) PYTHONHASHSEED=$${PYTHONHASHSEED:-$$RANDOM} $(RUN) pytest -n $(or $(JOBS),2) -m '' --hypothesis-profile drawn $(TESTS)

test-faults:  ## provoke every fault of docs/faults.md, and say of each how it ended (minutes)
	@$(RUN) pytest -m fault -p tests.fault_report $(TESTS)

lint:  ## format, lint, types, imports
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@.venv/bin/lint-imports

pretrain-demo:  ## train the demo's frozen models anew (an hour and more)
	@$(RUN) demo.pretrain.encoder --out demo/models/clip.safetensors
	@$(RUN) demo.pretrain.detector --out demo/models/detector.pth
	@cd demo/models && sha256sum clip.safetensors detector.pth > SHA256SUMS

format:  ## format the code and mend what the linter can
	@$(RUN) ruff check --fix-only -q .
	@$(RUN) ruff format .

endif

requirements:  ## compile requirements.txt anew from pyproject.toml (versions and hashes)
	@bash .ci/environment --compile
