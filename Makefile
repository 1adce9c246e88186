# Every command that a user types. `make` alone explains them.
#
# What is fresh is decided by stages/plan.py, which names every artifact by what decides its content; make only asks
# whether the file that says "complete" exists.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# What a user writes is a text. make would expand the variables of its command line for every command that it starts,
# and so run the `$(shell …)` in a label. So nothing is exported here, MAKEFLAGS repeats nothing (it would be one text
# in the environment, which may have 128 KiB), and a variable that is not explained below ends make at once.
override GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
unexport $(GIVEN)
override SHELL := /bin/bash
override .SHELLFLAGS := -c
MAKEOVERRIDES :=
override define newline


endef
override quoted = '$(subst $(newline), ,$(subst ','\'',$(1)))'
override nearest = $(addprefix ; did you mean ,$(addsuffix =?,$(shell python3 -I -S -c 'import difflib, sys; \
  print(*difflib.get_close_matches(sys.argv[2].upper(), sys.argv[3:], 1, float(sys.argv[1])))' \
  $(1) $(call quoted,$(2)) $(3) 2>/dev/null)))
override EVERYWHERE := WARM GOMP_SPINCOUNT
override VARIABLES := $(EVERYWHERE) $(patsubst %?=##,%,$(filter %?=##,$(file <Makefile)))
override UNKNOWN := $(firstword $(filter-out $(VARIABLES),$(GIVEN)))
ifneq ($(UNKNOWN),)
$(error $(UNKNOWN)= is no variable of make here$(or $(call nearest,0.6,$(UNKNOWN),$(VARIABLES)),; `make help` lists them))
endif

# Threads that wait for each other spin for tens of microseconds, not for milliseconds as they do by default: as fast
# where the machine is free, and where it is not, it does not come to a halt (docs/benchmarks.md).
GOMP_SPINCOUNT ?= 10000
# Stages run in children of a process that has imported what they need. It belongs to the make that a user types, ends
# with it, and is named by its process number (docs/architecture.md). `make WARM=` does without.
ifeq ($(origin WARM),undefined)
WARM := $(shell echo $$PPID)
endif

DATASET?=## dataset: jhmdb, ucf101_24, ava, folder, stickworld (default: pipeline.yaml's)
SPLIT?=## label split: 1, 75/25, 50/50-0, full, a file, ...  (docs/protocols.md; default: pipeline.yaml's)
HEAD?=## method: METHODS (docs/methods.md; default: pipeline.yaml's)
TRAINED_ON?=## another dataset to train the head on        (default: none; docs/protocols.md)
RECIPE?=## a recipe of pipeline.yaml, for example yolox-nano
WORKERS?=## index, detect and encode on so many local processes (default: none, in one process)
SCHEDULER?=## or on the workers of a dask scheduler: tcp://HOST:8786
GPUS?=## train the head on so many GPUs of this host     (default: one)
SET?=## settings for this command: "encoder.crop=pad training.lr=1e-3"
VIDEO?=## of `make ask`: a file, "a.mp4, b.mov", a folder, or a list (.txt, a path a line)
LABELS?=## of `make ask`: "juggle a ball, wave, clap", or a file: one a line, or YAML with texts
FORMAT?=## of `make export`: h5 or npz                      (default: h5)
KIND?=## of `make export`: frame, person, ..., text, encoder  (docs/export.md; default: all that the head reads)
OUT?=## of `make ask`, `export`, `table`, `report`: folder for the files  (default: results/ask/NAME, export/DATASET, results/DATASET/...)
STAGE?=## of `make why` and `make invalidate`: index, groundtruth, finetune, detect, track, encode, text, train, score, evaluate
SPLITS?=## of `make table`: 1,2 or 50/50-0,50/50-1 ..., or without: each class left out once  (default: all published)
SEEDS?=## of `make table`: trainings of each head            (default: 1)
HEADS?=## of `make table`: methods, commas between           (default: HEAD= and both baselines)
APPLY?=## of `make gc`: 1 removes what it lists
DAYS?=## of `make gc`: what changed in so many days stays  (default: 14)
TRAINED?=## of `make gc`: 1 takes trained heads too
JOBS?=## processes of `make test` and `make test-all`       (default: 2)
TESTS?=## what `make test` runs: "tests/cache -k kill"        (default: everything quick)

# The variables that each target reads; it is given no others.
PLANNED := extract train eval report index groundtruth finetune detect track encode text score evaluate
CHOICES := DATASET SPLIT HEAD TRAINED_ON RECIPE WORKERS SCHEDULER GPUS SET
$(foreach target,planned $(PLANNED) plan status doctor verify timing,$(eval READ_BY.$(target) := $(CHOICES)))
READ_BY.demo := $(filter-out DATASET HEAD,$(CHOICES))
READ_BY.ask := $(CHOICES) VIDEO LABELS OUT
READ_BY.table := $(filter-out SPLIT,$(CHOICES)) SPLITS SEEDS HEADS OUT
READ_BY.report := $(CHOICES) OUT
READ_BY.why := $(CHOICES) STAGE
READ_BY.invalidate := $(CHOICES) STAGE
READ_BY.gc := $(CHOICES) DAYS APPLY TRAINED
READ_BY.export := $(CHOICES) FORMAT KIND OUT
READ_BY.test := JOBS TESTS
READ_BY.test-all := JOBS TESTS
READ_BY.test-faults := TESTS
CHOOSING := demo $(PLANNED) ask table plan status doctor why verify invalidate gc timing export
NEEDS_ENVIRONMENT := $(CHOOSING) settings test test-all test-faults lint format pretrain-demo
TARGETS := help setup requirements clean $(NEEDS_ENVIRONMENT)

# One that is not read would leave the default in another's place.
GOALS := $(or $(MAKECMDGOALS),help)
READ := $(EVERYWHERE) $(foreach goal,$(GOALS),$(READ_BY.$(goal)))
UNREAD := $(firstword $(foreach name,$(filter-out $(READ),$(GIVEN)),$(if $(value $(name)),$(name))))
ifeq ($(filter-out $(TARGETS),$(GOALS)),)
ifneq ($(UNREAD),)
$(error make $(GOALS) does not read $(UNREAD)=$(or $(call nearest,0.8,$(UNREAD),$(READ)),; `make help` says what does))
endif
endif

# From here on $(NAME) is what the user wrote, to the letter. It reaches a stage by file, and another make, like the
# tests, in the environment: never in a command.
$(foreach name,$(VARIABLES),$(eval override $(name) := $$(value $(name))))
export $(foreach name,$(VARIABLES),$(if $($(name)),$(name)))
export WARM
export ZSSTAD_VARIABLES := $(VARIABLES)
lines = $(file >$(1))$(foreach name,$(2),$(if $($(name)),$(file >>$(1),$(name)=$(subst $(newline),\n,$(subst \,\\,$($(name)))))))
ifneq ($(filter $(CHOOSING),$(GOALS)),)
CHOSEN := $(shell mkdir -p .plan && mktemp -d .plan/given-XXXXXXXXXX)
ifeq ($(CHOSEN),)
$(error nothing was started)
endif
$(foreach target,planned $(filter $(CHOOSING),$(GOALS)),$(call lines,$(CHOSEN)/$(target),$(READ_BY.$(target))))
endif
choice = --choices=$(CHOSEN)/$(1)
CHOICE = $(call choice,$@)

PYTHON := .venv/bin/python
RUN := $(PYTHON) -m
START := $(PYTHON) -I -S zsstad_core/warm/client.py
# make 4.3 gives the commands of $(shell) its own environment, not what it exports.
PLANNER = $(foreach name,ZSSTAD_VARIABLES $(EVERYWHERE),$(name)=$(call quoted,$($(name)))) $(START)
ONE_THREAD = OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1}
METHODS = $(patsubst zsstad_core/methods/%/settings.py,%,$(sort $(wildcard zsstad_core/methods/*/settings.py)))
AGAIN = $(MAKE)  # named so that `make -n` prints the line and does not follow it

.PHONY: $(TARGETS)

help:  ## this text
	@echo "make TARGET [VARIABLE=value …]"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {sub(/:.*/, "", $$1); printf "  %-14s %s\n", $$1, $$2}' Makefile; echo
	@awk -v methods=$(call quoted,$(METHODS)) -F '[?]=## ' 'BEGIN {gsub(/ /, ", ", methods)} \
		/^[A-Z_]+[?]=## / {sub(/METHODS/, methods, $$2); printf "  %-14s %s\n", $$1 "=", $$2}' Makefile

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

# The plan says what these hold; without a plan nothing, whatever the environment holds under these names.
$(foreach name,EXTRACTED TRAINED_HEAD EVALUATED TABLED ASKED ASKED_SINCE EXTRACT_MESSAGE FINETUNE_MESSAGE TRAIN_MESSAGE \
  INDEX GROUNDTRUTH FINETUNE DETECT TRACK ENCODE TEXT SCORE,$(eval $(name) :=))

ifneq ($(filter $(PLANNED),$(MAKECMDGOALS)),)
PLAN := $(shell $(PLANNER) stages.plan --makefile $(call choice,planned))
ifeq ($(PLAN),)
$(error nothing was started)
endif
include $(PLAN)
endif

ifneq ($(filter ask,$(MAKECMDGOALS)),)
ifneq ($(filter-out ask,$(MAKECMDGOALS)),)
$(error make ask stands alone: its videos and labels are settings of their own)
endif
ASK_PLAN := $(shell $(PLANNER) stages.ask --makefile $(call choice,ask))
ifeq ($(ASK_PLAN),)
$(error nothing was started)
endif
include $(ASK_PLAN)
endif

ifneq ($(filter table,$(MAKECMDGOALS)),)
ifneq ($(filter-out table,$(MAKECMDGOALS)),)
$(error make table stands alone: its runs have settings of their own)
endif
TABLE_PLAN := $(shell $(PLANNER) stages.table --makefile $(call choice,table))
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

train: | $(TRAINED_HEAD)  ## train the head on the seen classes of the split
	@echo $(call quoted,$(TRAIN_MESSAGE))

eval: | $(EVALUATED)  ## score, evaluate, print the table and the path of metrics.json
	@$(START) stages.metrics $(CHOICE)

report: | $(EVALUATED)  ## write what was found, and why, as one HTML file to look at, and print its path (OUT=)
	@$(START) stages.report $(CHOICE)

table: | $(TABLED)  ## train and evaluate what is missing of a paper's table, and print it (SPLITS=, SEEDS=, HEADS=)
	@$(START) stages.table $(CHOICE)

ask: | $(ASKED)  ## who does what in your own videos, by your own words (VIDEO=, LABELS=, OUT=; docs/ask.md)
	@$(START) stages.ask $(CHOICE) --since $(call quoted,$(ASKED_SINCE))

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
	@$(RUN) stages.why $(CHOICE)

verify:  ## compare every byte of the cache with what was recorded; fails where something is damaged
	@$(RUN) stages.verify $(CHOICE)

invalidate:  ## remove what a stage made, so that the next make redoes it (STAGE=)
	@$(RUN) stages.invalidate $(CHOICE)

gc:  ## list what no plan needs any more; APPLY=1 removes it
	@$(RUN) stages.gc $(CHOICE)

timing:  ## where the time went, stage by stage
	@$(RUN) stages.timing $(CHOICE)

export:  ## tokens with their index as HDF5 or npz files, for other people's code
	@$(RUN) stages.export $(CHOICE)

settings:  ## write pipeline.yaml (if there is none) and docs/settings.md from the defaults
	@$(RUN) stages.settings

test:  ## the quick tests, every time the same
	@$(ONE_THREAD) PYTHONHASHSEED=$${PYTHONHASHSEED:-0} $(RUN) tests.chosen -n $(call quoted,$(or $(JOBS),2))

test-all:  ## all tests, also those that take minutes; hypothesis draws new examples, and shows a counterexample as a line to add
	@$(ONE_THREAD) PYTHONHASHSEED=$${PYTHONHASHSEED:-$$RANDOM} $(RUN) tests.chosen -n $(call quoted,$(or $(JOBS),2)) -m '' --hypothesis-profile drawn

test-faults:  ## provoke every fault of docs/faults.md, and say of each how it ended (minutes)
	@$(RUN) tests.chosen -m fault -p tests.fault_report

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
