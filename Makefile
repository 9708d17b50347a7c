# make test     install what the tests need, and run them all (nothing on the system changes but for a missing C compiler)
# make check    formatting, lints, and the build without default features
# make servers  fetch the servers the tests talk to, unpacked under target/servers
# make corpora CORPORA=DIR   the tests over collected certificates, records and configurations
# make fuzz SECONDS=60 [TARGETS="dns name"]   each fuzz target for so long; with RUNS=N, so many inputs, always the same
# make bench    what a look costs, beside bare rustls and blackbox_exporter; UPDATE_DOCS=1 writes it into docs/performance.md
# make instructions    what the pure rooms cost, against the stored baseline; RENEW=1 writes that anew
# make footprint    size, memory, share of a core with ten domains, and time to the first look; fails where an aim is not met
# make growth [SIZES=100,…] [SIMULATED=100,…] [RATE=333] [GROWTH_SECONDS=60]   what growth costs, as a table
# make          the program

SHELL := /bin/bash
CARGO ?= cargo
# Where cargo builds, however it was told to; asked only when it is needed.
TARGET = $(shell $(CARGO) metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
# nextest gives each test a process and a deadline of its own; without it cargo's own runner does.
RUN_TESTS = if $(CARGO) nextest --version >/dev/null 2>&1; then $(CARGO) nextest run; else $(CARGO) test; fi

.PHONY: build test check servers corpora fuzz bench instructions footprint growth compiler

build: compiler
	$(CARGO) build

test: compiler servers
	$(RUN_TESTS)

check: compiler
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path fuzz/Cargo.toml
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) check --no-default-features

servers:
	@tests/servers.sh "$(TARGET)/servers"

corpora: compiler
ifeq ($(strip $(CORPORA)),)
	@echo "corpora: skipped"
else
	@test -d "$(CORPORA)" || { echo "corpora: $(CORPORA) is not a folder" >&2; exit 1; }
	NOTAFTER_CORPORA="$(abspath $(CORPORA))" $(CARGO) test --test it corpora
endif

bench: compiler servers
	$(CARGO) bench --bench look

# As the tests are built, so that nothing more has to be.
instructions: compiler servers
	$(CARGO) bench --profile dev --bench instructions

# The program as it is released; what measures it as the tests are built.
footprint: compiler servers
	$(CARGO) build --release
	$(CARGO) bench --profile dev --bench footprint -- "$(TARGET)/release/notafter"

SECONDS ?= 10
# libFuzzer is in C++.
fuzz: compiler
	@command -v c++ >/dev/null || tests/as-root.sh apt-get install -y -qq --no-install-recommends g++
	@CARGO="$(CARGO)" fuzz/run.sh $(if $(RUNS),-runs=$(RUNS) -seed=1,-max_total_time=$(SECONDS)) $(TARGETS)

SIZES ?= 100,1000,10000,100000
SIMULATED ?= 100,1000,10000,100000,1000000
RATE ?= 333
GROWTH_SECONDS ?= 60
growth: compiler
	$(CARGO) bench --bench growth -- --sizes $(SIZES) --virtual $(SIMULATED) --rate $(RATE) --seconds $(GROWTH_SECONDS)

# Rust comes without the C compiler that its linker and two of our crates (TLS, SQLite) need.
compiler:
	@command -v cc >/dev/null || tests/as-root.sh apt-get install -y -qq --no-install-recommends gcc libc6-dev
