"""What `write` and `verify` both know of the kernel's headers."""
import pathlib, re

ROOT = pathlib.Path(__file__).resolve().parents[2]

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


class Constants:
    """Every #define and enum of some header files: name -> all the values it is given under different conditions."""

    def __init__(self, files):
        self.texts = {}
        for file in files:
            text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", pathlib.Path(file).read_text(errors="replace"), flags=re.S)
            text = text.replace("\\\n", " ")
            for name, value in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+(\S.*?)[ \t]*$", text, re.M):
                self.add(name, value)
            text = re.sub(r"^[ \t]*#.*$", "", text, flags=re.M)
            for body in re.findall(r"\benum\b[^{;]*\{([^}]*)\}", text):
                self.add_enum(body)

    def add(self, name, value):
        self.texts.setdefault(name, []).append(value)

    def add_enum(self, body):
        base, step = "-1", 0
        for member in filter(None, map(str.strip, body.split(","))):
            name, _, value = map(str.strip, member.partition("="))
            base, step = (value, 0) if value else (base, step + 1)
            if not re.fullmatch(r"\w+", name):
                continue
            self.add(name, f"({base}) + {step}")

    def values(self, name, depth=0):
        """All values of a constant that plain arithmetic can tell."""
        found = set()
        for text in self.texts.get(name, []):
            value = self.evaluate(text, name, depth)
            if value is not None:
                found.add(value)
        return found

    def evaluate(self, text, own, depth):
        text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", text)
        text = re.sub(r"\b0([0-7]+)\b", r"0o\1", text)
        for word in set(re.findall(r"\b[A-Za-z_]\w*", text)):
            inner = self.values(word, depth + 1) if word != own and depth < 8 else set()
            if len(inner) != 1:
                return None
            text = re.sub(rf"\b{word}\b", str(inner.pop()), text)
        if not re.fullmatch(r"[0-9a-fA-FxXo|&~<>()+*\- ]+", text):
            return None
        try:
            return int(eval(text, {"__builtins__": {}}))
        except (SyntaxError, TypeError):
            return None


def calls_of(header):
    """The system calls that an asm/unistd*.h numbers."""
    pattern = r"#define __NR_(\w+)\s+\(?(?:__NR_Linux \+ )?(\d+)\)?"
    return {int(m[2]): m[1] for m in re.finditer(pattern, pathlib.Path(header).read_text())}


def package_root():
    """The directory and version of linux-raw-sys: the kernel's headers of many machines in Rust."""
    version = re.search(r'name = "linux-raw-sys"\nversion = "([^"]+)"', (ROOT / "Cargo.lock").read_text())[1]
    found = list(pathlib.Path.home().glob(f".cargo/registry/src/*/linux-raw-sys-{version}"))
    if not found:
        raise SystemExit(f"linux-raw-sys {version} is not unpacked; run cargo fetch")
    return found[0], version


def constants_of(machine):
    """The constants of a machine as linux-raw-sys has them: name -> all its values."""
    found = {}
    for file in (package_root()[0] / "src" / machine).glob("*.rs"):
        for name, value in re.findall(r"^(?:pub const )?(\w+)(?:: \w+)? = (-?\d+)[;,]", file.read_text(), re.M):
            found.setdefault(name, set()).add(int(value))
    return found
