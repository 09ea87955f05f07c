#!/usr/bin/env python3
"""Writes src/tables/syscall/*.rs: one file per machine, and names.rs, the pool of all their names.

Called by `make tables`. Where the numbers come from:

* linux-raw-sys, a package that rustix already brings into Cargo.lock: the kernel's headers in Rust, for most machines;
* the kernel's own headers (Debian's linux-libc-dev cross packages) for s390 and mips n32, which the package lacks;
* NEWER below, for calls that came after the package's kernel; from 424 on a call has one number on all machines.

With --headers DIR, DIR holds unpacked cross packages; without it `apt-get download` brings them to target/headers.
"""
import argparse, pathlib, re, subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "src/tables/syscall"
KERNEL = {"0.12.1": "6.17"}
NEWER = {470: "listns", 471: "rseq_slice_yield"}
NEWER_KERNEL = "7.0"
UNIFIED = 424

# machine: (package directory or header file, first number)
MACHINES = {
    "aarch64": ("aarch64", 0),
    "arm": ("arm", 0),
    "i386": ("x86", 0),
    "loongarch64": ("loongarch64", 0),
    "mips_n32": ("usr/mips64-linux-gnuabi64/include/asm/unistd_n32.h", 6000),
    "mips_n64": ("mips64", 5000),
    "mips_o32": ("mips", 4000),
    "ppc": ("powerpc", 0),
    "riscv32": ("riscv32", 0),
    "riscv64": ("riscv64", 0),
    "s390": ("usr/s390x-linux-gnu/include/asm/unistd_32.h", 0),
    "s390x": ("s390x", 0),
    "x86_64": ("x86_64", 0),
}
PACKAGES = ["linux-libc-dev-s390x-cross", "linux-libc-dev-mips64-cross"]

# Names by which the audit tools have always known a call, where the kernel's header says otherwise. Logs, rule files and
# rule listings carry them, so they stay. A name of None means that the audit tools do not name the call.
SPOKEN = {
    "aarch64": {61: ["getdents"], 67: ["pread"], 68: ["pwrite"], 80: ["newfstat"]},
    "arm": {
        13: ["time"], 22: ["umount"], 25: ["stime"], 27: ["alarm"], 30: ["utime"], 76: ["getrlimit"], 82: ["select"],
        89: ["readdir"], 90: ["mmap"], 102: ["socketcall"], 113: ["syscall"], 117: ["ipc"], 140: ["llseek"],
        142: ["newselect"], 149: ["sysctl"], 270: ["fadvise64_64"], 341: ["sync_file_range"],
        423: ["sched_rr_get_interval64"],
    },
    "i386": {219: ["madvise", "madvise1"], 283: ["sys_kexec_load"], 423: ["sched_rr_get_interval64"]},
    "ppc": {179: ["pread"], 180: ["pwrite"], 306: ["timerfd"], 319: ["perf_counter_open"], 392: ["semtimedop"]},
    "s390": {180: ["pread"], 181: ["pwrite"], 447: ["memfd_secret"]},
    "s390x": {180: ["pread"], 181: ["pwrite"]},
    "x86_64": {17: ["pread"], 18: ["pwrite"], 335: []},
}
# Bounds and masks which the header defines beside the calls.
NO_CALL = {"Linux", "SYSCALL_BASE", "SYSCALL_MASK", "OABI_SYSCALL_BASE"}

# The io_uring operations that the kernel hands to audit (those without audit_skip in io_uring/opdef.c).
URING = [9, 10, 13, 16, 17, 18, 19, 28, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 46, 48, 50, 51, 52, 53, 54, 55, 56, 57]
URING_NEWER = {64: "uring_cmd128"}


def package_root():
    version = re.search(r'name = "linux-raw-sys"\nversion = "([^"]+)"', (ROOT / "Cargo.lock").read_text())[1]
    found = list(pathlib.Path.home().glob(f".cargo/registry/src/*/linux-raw-sys-{version}"))
    if not found:
        raise SystemExit(f"generate: linux-raw-sys {version} is not unpacked; run cargo fetch")
    return found[0], version


def header_root(given):
    if given:
        return pathlib.Path(given)
    root = ROOT / "target/headers"
    if not (root / "usr").exists():
        root.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=root, check=True)
        for deb in root.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
    return root


def from_package(package, machine, base):
    text = (package / "src" / machine / "general.rs").read_text()
    return {int(m[2]) - base: m[1] for m in re.finditer(r"__NR_(\w+): u32 = (\d+);", text) if m[1] not in NO_CALL}


def from_header(path, unified):
    calls = {int(m[2]): m[1] for m in re.finditer(r"#define __NR_(\w+)\s+\(?(?:__NR_Linux \+ )?(\d+)\)?", path.read_text())}
    return {n: name for n, name in calls.items() if n < UNIFIED} | unified


def rows_of(machine, calls):
    spoken = SPOKEN.get(machine, {})
    base = MACHINES[machine][1]
    rows = []
    for number in sorted(set(calls) | set(spoken)):
        rows += [(number + base, name) for name in spoken.get(number, [calls.get(number)])]
    return rows


def uring_rows(package):
    text = (package / "src/x86_64/io_uring.rs").read_text()
    names = {int(m[2]): m[1].lower() for m in re.finditer(r"\bIORING_OP_(\w+) = (\d+),", text)} | URING_NEWER
    return [(n, names[n]) for n in URING + list(URING_NEWER)]


def write(name, about, body):
    (HERE / f"{name}.rs").write_text("// Written by `make tables`; do not edit.\n" + about + "\n" + body)


def table(rows):
    lines = "".join(f'    ({n}, "{name}"),\n' for n, name in rows)
    return f"#[rustfmt::skip]\npub(super) const ROWS: &[(u32, &str)] = &[\n{lines}];\n"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--headers")
    given = options.parse_args()
    package, version = package_root()
    headers = header_root(given.headers)
    kernel = f"Linux {KERNEL.get(version, '(see linux-raw-sys ' + version + ')')}, numbers from 470 on Linux {NEWER_KERNEL}"
    unified = {n: name for n, name in from_package(package, "riscv64", 0).items() if n >= UNIFIED} | NEWER
    tables = {}
    for machine, (source, base) in MACHINES.items():
        is_header = source.endswith(".h")
        calls = from_header(headers / source, unified) if is_header else from_package(package, source, base) | NEWER
        tables[machine] = rows_of(machine, calls)
        shown = "asm/" + source.rsplit("/", 1)[1] if is_header else f"linux-raw-sys {version}, {source}"
        write(machine, f"//! System calls of {machine}: {kernel} ({shown}).\n", table(tables[machine]))
    tables["uring"] = uring_rows(package)
    write("uring", f"//! Operations of io_uring that reach audit: {kernel} (linux/io_uring.h, io_uring/opdef.c).\n",
          table(tables["uring"]))
    names = sorted({name for rows in tables.values() for _, name in rows})
    write("names", "//! Every name of the tables beside this file with its place, sorted bytewise.\n",
          table(list(enumerate(names))))
    for machine, rows in tables.items():
        print(f"{machine}: {len(rows)}")


if __name__ == "__main__":
    main()
