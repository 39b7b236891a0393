# Every target first sets up everything that it needs, shows its progress, and fails if one of its steps fails.
# `make help` lists the targets. Reports are written into reports/, and builds into build/.

PYTHON := python3
RUN := .venv/bin/python
BENCH := benches/virtual.toml
RUNS := 1000
TIMES := 10
JOBS := $(shell nproc 2>/dev/null || echo 2)
# Each worker has its own virtual bench in stepped time, which uses a processor nearly all the time.
# There is only one wired bench, and its device does not run on this machine.
VIRTUAL := $(filter benches/virtual.toml,$(BENCH))
WORKERS := $(if $(VIRTUAL),$(JOBS),0)
RETRIES := 0
# FULL=1 uses a build without sanitizers, which makes four times as many cuts in a second.
POWERCUT := build/$(if $(FULL),firmware-plain,firmware)
# Every target starts many Python processes. Without stored bytecode, each process would compile the same sources.
unexport PYTHONDONTWRITEBYTECODE
ROOT := $(CURDIR)
BEGAN := $(shell date +%s)

CMAKE := .venv/bin/cmake -S firmware/host -G Ninja "-DCMAKE_MAKE_PROGRAM=$(ROOT)/.venv/bin/ninja" "-DPLUGBENCH_DEPS=$(ROOT)/.deps"
CTEST := .venv/bin/ctest --output-on-failure --parallel $(JOBS) --test-output-size-passed 1000000 \
  --test-output-size-failed 1000000
# Tracing doubles the duration of the Python tests, so only COVERAGE=yes traces the rig.
TRACED := $(filter yes,$(COVERAGE))
COVERED := $(if $(TRACED),mkdir -p build/coverage-python && .venv/bin/coverage run,.venv/bin/python)
# The name of the run that a target makes; the folder of a run is never overwritten.
RUN_ID := $(shell date +%Y%m%d-%H%M%S)
# Scratch files of tests are inside the clone, too; pytest empties their folder at its start. Hypothesis is off, because no HIL
# test uses it and each worker would load it.
PYTEST_HIL = pytest -p no:hypothesispytest --basetemp=build/tmp-hil --self-contained-html --alluredir=reports/allure \
  --random-order-bucket=global $(if $(SEED),--random-order-seed=$(SEED)) --retry-bench-errors=$(RETRIES) \
  --rig-run=$(RUN_ID) --durations=5 --durations-min=1 $(MARKED)
# In stepped time no latency can be measured. On the virtual bench a short session in real time therefore comes first, one test at a
# time. Both sessions are one run, and the report of the second session shows the whole run.
HIL_REAL_TIME = $(if $(VIRTUAL),$(PYTEST_HIL) tests/hil/real_time --bench benches/virtual-real.toml --clean-alluredir \
  --junitxml=reports/junit/hil-real-time.xml --html=reports/runs/$(RUN_ID)/pytest-real-time.html)
HIL = $(PYTEST_HIL) tests/hil scenarios/field $(OCTT_SHORT) '--bench=$(BENCH)' --junitxml=reports/junit/hil.xml --html=reports/runs/$(RUN_ID)/pytest.html \
  --numprocesses=$(WORKERS) --dist=worksteal $(if $(VIRTUAL),--ignore=tests/hil/real_time,--clean-alluredir)
# One case of each kind of the compliance set, for a few seconds; `make octt` plays the whole set.
OCTT_SHORT := $(patsubst %,scenarios/octt-1.6/TC_%_CS.yaml,001 003 005_1 007 012 015 032_1 037_3 041 070 086)
HIL_RESULTS := reports/junit/hil.xml $(if $(VIRTUAL),reports/junit/hil-real-time.xml)

# PlatformIO is inside the clone and sends no request to its registry.
PIO := PLATFORMIO_CORE_DIR="$(ROOT)/.cache/platformio/core" PLATFORMIO_SETTING_ENABLE_TELEMETRY=No \
  PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL=99999 PLATFORMIO_SETTING_CHECK_PRUNE_SYSTEM_THRESHOLD=0 \
  .cache/platformio/environment/bin/pio

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup demo test lint imports format unit firmware-test conformance schemas fuzz examples hil octt flakes determinism fresh-clone interop verdicts conversations mutants coverage coverage-rig perf docs pio-test \
  powercut clean distclean lock arm-check sizes tsan night endurance screenshots settings install-extras firmware setup-platformio setup-interop setup-api setup-console setup-browser

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

setup: ## fetch and install everything, inside this clone; quick if everything is installed
	@$(PYTHON) -m tools.setup

setup-console: ## install the packages of `rig console`, the live page
	@$(PYTHON) -m tools.setup --console

setup-api: ## install the packages of `rig csms api`, the HTTP API of the CSMS
	@$(PYTHON) -m tools.setup --api

setup-browser: ## install the packages of `rig console` and of its tests in a browser
	@$(PYTHON) -m tools.setup --browser

setup-platformio: ## install PlatformIO, for `make pio-test` and `make lint`
	@$(PYTHON) -m tools.setup --platformio

setup-interop: ## install the packages of `make interop` and `make verdicts`
	@$(PYTHON) -m tools.setup --interop

demo: MARKED := -m smoke
demo: setup firmware ## a tour: run a few tests of each kind on the virtual bench, and write reports/index.html
	@mkdir -p build reports/junit && rm -f $(HIL_RESULTS)
	@status=0; $(if $(VIRTUAL),$(RUN) -m $(HIL_REAL_TIME) || status=1;) \
	  $(RUN) -m $(HIL) || status=1; \
	  $(RUN) -m tools.summary $(HIL_RESULTS) || status=1; \
	  echo "took $$(($$(date +%s) - $(BEGAN))) s with set-up and build; the whole suite: make hil"; \
	  echo "the report: $(ROOT)/reports/index.html"; exit $$status

test: setup ## run every test: rig, firmware, fuzzers, threads, WebSocket conformance, schemas, power cuts, HIL on the virtual bench, interop; COVERAGE=yes also measures how much of the rig they cover
	@rm -rf reports/junit reports/coverage build/coverage-python; status=0; \
	  for target in unit firmware-test "fuzz SEED=1" tsan conformance schemas powercut examples hil interop $(if $(TRACED),coverage-rig); do \
	    $(MAKE) --no-print-directory $$target || status=1; done; \
	  $(RUN) -m tools.summary reports/junit/unit.xml reports/junit/firmware.xml reports/junit/tsan.xml reports/junit/powercut.xml reports/junit/examples.xml \
	    $(HIL_RESULTS) reports/junit/interop.xml || status=1; \
	  echo "$(if $(TRACED),coverage: $(ROOT)/reports/coverage; )the report: $(ROOT)/reports/index.html"; exit $$status

lint: setup setup-platformio ## check style, types, layers, pages; any finding fails
	@$(RUN) -m tools.lint

imports: setup ## print folders with rank and size, the imports between them, and the imports that break the layers
	@$(RUN) -m tools.imports_report

format: setup ## format Python, C++ and Markdown as lint requires
	@.venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format --quiet .
	@git ls-files -z --cached --others --exclude-standard 'firmware/*.h' '*.cpp' | xargs -0r .venv/bin/clang-format -i
	@$(RUN) -m tools.reflow

firmware: setup ## build the device that the virtual bench runs; TARGET=esp32, esp32c3 or esp32c3-emulator builds for a chip, in build/TARGET
ifdef TARGET
	@$(RUN) -m tools.chip_firmware $(TARGET)
else
	@$(CMAKE) -B build/firmware -DPLUGBENCH_SANITIZE=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/firmware --parallel $(JOBS) --target plugbench-device
endif

unit: setup firmware $(if $(TRACED),setup-api setup-browser) ## run the rig's own tests, JOBS=n at a time (default: one for each core)
	@mkdir -p build reports/junit
	@$(COVERED) -m pytest tests/unit --basetemp=build/tmp-unit --junitxml=reports/junit/unit.xml --numprocesses=$(JOBS) \
	  --dist=worksteal

firmware-test: setup ## run the firmware's Unity tests under the address and undefined-behaviour sanitizers
	@mkdir -p build reports/junit
	@$(CMAKE) -B build/firmware -DPLUGBENCH_SANITIZE=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/firmware --parallel $(JOBS)
	@$(CTEST) --test-dir build/firmware --output-junit "$(ROOT)/reports/junit/firmware.xml"

fuzz: setup ## run libFuzzer on the firmware's readers, SECONDS=15 each, SEED=n; MERGE=1 keeps new inputs (needs clang: make install-extras)
	@$(RUN) -m tools.fuzz --jobs $(JOBS) --seconds $(or $(SECONDS),15) $(if $(SEED),--seed $(SEED)) $(if $(MERGE),--merge) $(if $(ONLY),--only $(ONLY))

conformance: setup ## run the WebSocket cases of the Autobahn test suite against the device's client, over a real socket; FULL=1 adds the long cases, CASES=5.* selects cases
	@$(CMAKE) -B build/firmware -DPLUGBENCH_SANITIZE=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/firmware --parallel $(JOBS) --target websocket-echo
	@$(RUN) -m tools.conformance $(if $(FULL),--full) $(if $(CASES),--cases '$(CASES)')

schemas: setup ## compare the device's schema validator with jsonschema-rs, DOCUMENTS=2000 of each OCPP version, SEED=1
	@$(CMAKE) -B build/firmware -DPLUGBENCH_SANITIZE=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/firmware --parallel $(JOBS) --target schema-check
	@$(RUN) -m tools.schema_differential --program build/firmware/schema-check --documents $(or $(DOCUMENTS),2000) --seed $(or $(SEED),1)

powercut: setup ## cut the power at flash operations, in SCENARIO=name or in all, with SEED=n; FULL=1: at each operation, then a second cut at nearly each one; DEPTH=1: no second cuts; ID=id replays one run
	@$(CMAKE) -B $(POWERCUT) -DPLUGBENCH_SANITIZE=$(if $(FULL),OFF,ON) --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build $(POWERCUT) --parallel $(JOBS) --target powercut
	@$(RUN) -m tools.powercut --program $(POWERCUT)/powercut --jobs $(JOBS) $(if $(FULL),--full) $(if $(SCENARIO),--scenario $(SCENARIO)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(DEPTH),--depth $(DEPTH)) $(if $(ID),--id $(ID))

examples: setup build/examples/blinker ## run the tests of examples/, and the tests of tests/hil that the bench of the example can run, on that bench
	@mkdir -p build reports/junit
	@$(COVERED) -m pytest examples/blinker --bench examples/blinker/bench.toml --basetemp=build/tmp-examples \
	  --junitxml=reports/junit/examples.xml
	@$(RUN) -m pytest tests/hil --bench examples/blinker/bench.toml --basetemp=build/tmp-examples -p no:hypothesispytest \
	  --quiet --numprocesses=$(JOBS)

build/examples/blinker: examples/blinker/blinker.cpp
	@mkdir -p $(@D)
	@$(CXX) -std=c++17 -O1 -Wall -Wextra -Werror -o $@ $<

hil: setup $(if $(VIRTUAL),firmware) ## run all of tests/hil in random order (SEED=n repeats an order), WORKERS=n at a time; BENCH=benches/pi.toml: on a wired bench
	@mkdir -p build reports/junit
	@status=0; $(if $(VIRTUAL),$(COVERED) -m $(HIL_REAL_TIME) || status=$$?;) \
	  $(COVERED) -m $(HIL) || status=$$?; \
	  echo "took $$(($$(date +%s) - $(BEGAN))) s with set-up and build"; exit $$status

octt: setup $(if $(VIRTUAL),firmware) ## play the OCPP 1.6 compliance set and print its table; SEED=n repeats an order, RUNS_OF_SET=10 looks for flaky cases
	@mkdir -p build reports/junit
	@$(RUN) -m tools.octt '--bench=$(BENCH)' --workers $(WORKERS) $(if $(SEED),--seed $(SEED)) $(if $(RUNS_OF_SET),--runs $(RUNS_OF_SET)) $(if $(K),-k '$(K)')

interop: setup-interop firmware ## run the device against independent CSMSs, and an independent charge point against our CSMS
	@mkdir -p build reports/junit
	@$(COVERED) -m pytest tests/interop -rs --basetemp=build/tmp-interop --junitxml=reports/junit/interop.xml

verdicts: setup-interop ## compare the CSMS's verdicts on 100,000 payloads with those of ajv and fastjsonschema (a minute)
	@$(RUN) -m tests.interop.test_verdicts 100000

conversations: setup ## let charge points that break the rules connect to the CSMS for SECONDS=600; the CSMS must still answer one that keeps the rules
	@$(RUN) -m tests.unit.csms.test_strange_conversations $(or $(SECONDS),600)

flakes: setup firmware ## run single HIL tests RUNS=1000 times in random order and print the flaky ones; SEED=n repeats an order
	@$(RUN) -m tools.flake_hunt --runs $(RUNS) --workers $(WORKERS) $(if $(SEED),--seed $(SEED)) $(if $(K),-k '$(K)')

coverage: setup ## write the coverage of rig and firmware to reports/coverage, and fail below 90 %; first: make unit hil COVERAGE=yes
	@$(CMAKE) -B build/coverage -DPLUGBENCH_SANITIZE=OFF -DPLUGBENCH_COVERAGE=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/coverage --parallel $(JOBS)
	@find build/coverage -name '*.gcda' -delete
	@$(CTEST) --test-dir build/coverage --quiet
	@mkdir -p reports/coverage/firmware
	@.venv/bin/gcovr --merge-lines --root firmware --filter firmware/src/ --object-directory build/coverage \
	  --html-details reports/coverage/firmware/index.html --cobertura reports/coverage/firmware.xml --print-summary
	@$(MAKE) --no-print-directory coverage-rig
	@$(RUN) -m tools.coverage_gate reports/coverage/python.json reports/coverage/firmware.xml

coverage-rig: setup ## write reports/coverage/python from the last runs with COVERAGE=yes
	@mkdir -p reports/coverage
	@ls build/coverage-python/data* >/dev/null 2>&1 || { echo "coverage: no data of the rig: make unit hil COVERAGE=yes first" >&2; exit 1; }
	@! ls build/coverage-python/data.* >/dev/null 2>&1 || .venv/bin/coverage combine --keep --quiet
	@.venv/bin/coverage html --quiet && .venv/bin/coverage xml --quiet && .venv/bin/coverage json --quiet && .venv/bin/coverage report --format=total | \
	  sed 's/.*/rig, fixtures and tools: & % covered, branches included/'
	@.venv/bin/rig report list >/dev/null

determinism: setup firmware ## run tests/hil TIMES=10 times in the same order (SEED=n) and compare all frames, pins and lines of the device, to the nanosecond
	@$(RUN) -m tools.determinism --runs $(TIMES) $(if $(SEED),--seed $(SEED))

fresh-clone: ## time the first steps in a fresh clone: make demo and make test, each of them twice (an hour)
	@tools/fresh_clone_check.sh

mutants: setup ## plant bugs in the device, one at a time: the HIL suite, a compliance case or the power cuts must find each (half an hour)
	@status=0; for catalogue in "" --octt --powercut; do $(RUN) -m tools.mutants $$catalogue || status=1; done; exit $$status

perf: setup firmware ## measure Plugbench and similar tools, and write the medians of 3 paired runs to reports/perf.json
	@$(RUN) -m perf

pio-test: setup-platformio ## run the firmware's Unity tests by PlatformIO (env:native), offline
	@mkdir -p build reports/junit
	@$(PIO) test --project-dir firmware --environment native --junit-output-path $(ROOT)/reports/junit/platformio.xml

settings: setup ## write the table of the device's settings for the rig and the documentation, after a change of keys.cpp
	@$(CMAKE) -B build/firmware -DPLUGBENCH_SANITIZE=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/firmware --parallel $(JOBS) --target settings-table
	@build/firmware/settings-table >rig/adapters/plugbench_settings.json
	@$(RUN) -m tools.docs

docs: setup ## write the pages and tables that are made from the sources, such as docs/api.md
	@$(RUN) -m tools.docs

lock: setup ## pin all dependencies by hash, after a change in pyproject.toml
	@tools/lock.sh

arm-check: setup ## compile the shared sources and the ESP32 port of the firmware for a 32-bit chip, and check their sizes (needs: make install-extras)
	@$(RUN) -m tools.lint freestanding

sizes: setup ## measure flash, RAM and stack of the firmware on a 32-bit chip; WRITE=1 stores the figures as the limits (needs: make install-extras)
	@$(RUN) -m tools.sizes $(if $(WRITE),--write)

tsan: setup ## run under ThreadSanitizer: Unity tests of the code that threads share, and smoke HIL tests with the device's worker in a thread
	@mkdir -p build reports/junit
	@$(CMAKE) -B build/tsan -DPLUGBENCH_TSAN=ON --log-level=WARNING >/dev/null
	@.venv/bin/cmake --build build/tsan --parallel $(JOBS) --target plugbench-device test_posix test_storage test_app
	@$(CTEST) --test-dir build/tsan --tests-regex '^test_(posix|storage|app)$$'
	@$(RUN) -m pytest tests/hil -m smoke --bench benches/virtual-tsan.toml -p no:hypothesispytest --basetemp=build/tmp-tsan --quiet \
	  --junitxml=reports/junit/tsan.xml --numprocesses=$(JOBS) --dist=worksteal

night: setup firmware ## run the long checks: determinism, flakes, unit and HIL tests with coverage, PlatformIO, power cuts at each operation, fuzzers, strange conversations, planted bugs, endurance
	@status=0; for target in determinism flakes "unit COVERAGE=yes" "hil COVERAGE=yes" coverage pio-test "powercut FULL=1" "conformance FULL=1" "fuzz SECONDS=600" verdicts conversations mutants endurance; do \
	    $(MAKE) --no-print-directory $$target || status=1; done; exit $$status

endurance: setup firmware ## run the tests that take minutes: 10,000 reconnects, and 200 devices whose CSMS is gone for an hour
	@mkdir -p build
	@status=0; $(RUN) -m pytest tests/hil -m night --bench benches/virtual.toml -p no:hypothesispytest \
	  --basetemp=build/tmp-endurance --quiet --numprocesses=$(JOBS) || status=1; \
	  .venv/bin/rig fleet --points 200 --outage 3600 --limit 5 || status=1; exit $$status

screenshots: setup firmware ## run the README's test and draw docs/images/report.png and runs.png (needs: make install-extras)
	@$(RUN) -m tools.screenshots

install-extras: ## as root: install the compiler and the browser of optional checks, by apt-get
	@tools/install_extras.sh chromium fonts-dejavu-core

clean: ## remove builds and reports
	@rm -rf build reports .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

distclean: clean ## remove the set-up as well
	@rm -rf .venv .deps .cache .plugbench *.egg-info
