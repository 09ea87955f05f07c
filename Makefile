# auditbox: `make` prints what can be made. Every target brings what it needs: missing programs are installed with the
# distribution's package manager when root, else one sentence names them (tests/need).

SHELL  := /bin/sh
PREFIX ?= /usr
SBIN   ?= $(PREFIX)/sbin
PATH   := $(HOME)/.cargo/bin:$(PATH)
export PATH

# The machine's own target is always named: a static binary needs its procedural macros built apart, for the host.
HOST    = $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
BINARY  = target/$(HOST)/release/auditbox
TARGETS := x86_64-unknown-linux-musl aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf riscv64gc-unknown-linux-musl
MORE    := i686-unknown-linux-musl powerpc64le-unknown-linux-musl s390x-unknown-linux-musl mips-unknown-linux-musl

.DEFAULT_GOAL := help
.PHONY: help set-up build test test-all guest check oldest demo deb packages machines source sbom reproducible release bench fuzz soak size costs dist install uninstall clean tables tables-verify

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

set-up:
	@tests/need cargo cc libc.a

build: set-up ## the static binary of this machine, target/HOST/release/auditbox
	.ci/build $(HOST)
	@tests/static $(BINARY)
	@.ci/places --in $(BINARY)
	@ls -l $(BINARY)

test: set-up ## unit and transcript tests, and the real kernel in a guest: what takes less than ten minutes on two cores
	JOBS=$${JOBS:-$$(nproc)} tests/all --quick

test-all: set-up ## every test: these, the other machines' binaries, all guests
	JOBS=$${JOBS:-$$(nproc)} tests/all

guest: build ## guest tests alone; make guest T=NAME for one of them
	tests/guest/all $(BINARY) $(T)

check: set-up ## format, clippy, docs and man pages with warnings as errors, the layering test
	@tests/need rustfmt cargo-clippy
	cargo fmt --check
	cargo clippy --locked --target $(HOST) --all-targets -- -D warnings
	cargo clippy --locked --target $(HOST) --all-targets --features tls -- -D warnings
	cargo clippy --locked --target $(HOST) --lib --no-default-features -- -D warnings
	for set in "auditd auditctl augenrules" commands "auditctl rule-tools" "ausearch aureport machines" ausyscall; do \
		cargo clippy --locked --target $(HOST) --no-default-features --features "$$set" -- -D warnings || exit 1; \
	done
	@tests/need mandoc
	mandoc -Tlint -Wwarning docs/man/*.[1-8]
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --target $(HOST) --no-deps --document-private-items
	cargo test --locked --target $(HOST) --test it layering

oldest: set-up ## a plain cargo build with the least Rust that Cargo.toml names
	.ci/oldest

demo: build ## the whole loop on a real kernel, in a guest, harmless to this machine
	tests/demo/run $(BINARY)

bench: build ## speed and memory beside the reference; SIZE=1g T=reading|instructions|start|collecting|disk REFERENCE=DIR
	tests/bench/run $(BINARY)

fuzz: set-up ## hostile input by libFuzzer, each target of fuzz/ for SECONDS (default 30)
	@command -v cargo-fuzz >/dev/null || cargo install --locked --target $(HOST) cargo-fuzz
	@for target in $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs))); do \
		mkdir -p out/fuzz/$$target; \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --target $(HOST) $$target out/fuzz/$$target fuzz/corpus/$$target -- -max_total_time=$(or $(SECONDS),30) || exit 1; \
	done

fleet: build ## the recipes of docs/fleet.md, with the programs they are about; fetches what is not here
	@tests/need python3 venv
	tests/fleet $(BINARY)

soak: build ## guest tests over and over for MINUTES (default 30)
	tests/guest/soak $(BINARY) $(or $(MINUTES),30)

size: build ## bytes of each built binary, and the largest sections and symbols of this machine's
	.ci/size $(BINARY)

costs: ## bytes that each applet, table and other feature adds to the small file of TARGET (x86_64); half an hour, or T="FEATURE..."
	.ci/costs $(or $(TARGET),x86_64-unknown-linux-musl) $(T)

dist: ## static musl binary into out/dist: TARGET=... (default: four) APPLETS="auditd ..." MACHINES=native PROFILE=fast FEATURES=tls
	@for target in $(or $(TARGET),$(TARGETS)); do \
		APPLETS='$(APPLETS)' FEATURES='$(FEATURES)' MACHINES='$(MACHINES)' PROFILE='$(PROFILE)' .ci/dist $$target || exit 1; \
	done

# By make, not by quotes around them, for a directory may have any name.
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export SBIN := $(SBIN)

install: $(TARGET:%=out/dist/auditbox-%) build ## into DESTDIR; TARGET=... another machine's (make dist), INIT=openrc|systemd|... adds service files (packaging/files)
	init/install $(if $(TARGET),out/dist/auditbox-$(TARGET),$(BINARY)) $(BINARY) $(INIT)

out/dist/auditbox-%:
	@echo "install: there is no $@: make dist TARGET=$* builds it" >&2; exit 2

deb: build ## the Debian package of this machine's binary, into out/deb
	packaging/deb $(BINARY)

packages: build ## really builds the packages that can be built here, and tries them in a guest; takes minutes
	tests/packages/run $(BINARY)
	tests/packages/initramfs $(BINARY)

machines: build ## the binaries of four more machines, or of TARGET=..., built and tried under emulation; takes a quarter of an hour
	tests/foreign $(or $(TARGET),$(MORE))

source: ## the sources of the last commit as out/auditbox-VERSION.tar.gz, which the recipes of packaging/ build from
	packaging/source

sbom: ## what the binaries of TARGET (default: four; FEATURES=tls) are made of: out/auditbox.cdx.json (CycloneDX)
	@tests/need cargo python3
	@mkdir -p out
	FEATURES='$(FEATURES)' packaging/sbom $(or $(TARGET),$(TARGETS)) >out/auditbox.cdx.json

reproducible: ## are two builds of the last commit, in two places, equal? TARGET, APPLETS, MACHINES, PROFILE, FEATURES as for dist
	APPLETS='$(APPLETS)' FEATURES='$(FEATURES)' MACHINES='$(MACHINES)' PROFILE='$(PROFILE)' packaging/reproducible $(or $(TARGET),x86_64-unknown-linux-musl)

uninstall: ## from DESTDIR; configuration, rules and logs stay
	init/install remove

release: ## all that is published of a version, into out/release; see docs/releasing.md
	@tests/need python3
	packaging/release $(or $(TARGET),$(TARGETS))

tables: ## write src/tables/syscall/* anew from the kernel's headers
	@tests/need cargo python3
	cargo fetch --locked
	tests/tables/write

tables-verify: ## do the tables say what the installed kernel headers say?
	@tests/need python3
	tests/tables/verify

clean: ## remove what was built here (the package cache stays)
	rm -rf out target
