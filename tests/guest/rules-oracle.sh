#!/bin/sh
# guest: oracle
# Rules of every kind, made by a generator that always makes the same: what auditctl loads Debian's auditctl (3.0.9) lists
# alike, and the other way round, with -l, -l -i and -l -k; and both have the same lines refused.
. /steps
debian() { /oracle/lib64/ld-linux-x86-64.so.2 --library-path /oracle/lib/x86_64-linux-gnu /oracle/sbin/auditctl "$@"; }
# Rules work with auditing off, and then write no records of their own loading.
auditctl -e 0 >/dev/null
dmesg -n 1

# Left out is what 3.0.9 does otherwise: io_uring rules, paths and programs with !=, perm with an arch, most fields on the exclude
# list, and the names of calls without an arch. The first rule is a good one: before it Debian's sends its messages to syslog.
{
	printf '%s\n' -i '-a always,exit -S all -F pid=1'
	awk '
	function roll(sides) { seed = (seed * 69069 + 12345) % 4294967296; return int(seed / 65536) % sides }
	function pick(words,  parts, n) { n = split(words, parts, " "); return parts[1 + roll(n)] }
	function field(list,  op, eq) {
		op = pick("= != > >= < <="); eq = pick("= !=")
		if (list == "exclude") return pick("uid auid gid pid") op pick("0 1000 5")
		kind = roll(list == "exit" ? 16 : 4)
		if (kind == 0) return pick("uid euid suid fsuid auid") op pick("0 1000 alice root unset 4294967295 010 0x10")
		if (kind == 1) return pick("gid egid sgid fsgid") op pick("0 100 1000 alice root")
		if (kind == 2) return "pid" op roll(70000)
		if (kind == 3) return pick("a0 a1 a2 a3") pick("= != & &=") pick("0 1 0x1ff 0111 64 4294967295")
		if (kind == 4) return "exit" op pick("0 -1 -EPERM EACCES -EACCES -13 5")
		if (kind == 5) return "success" eq roll(2)
		if (kind == 6) return "ppid" op roll(70000)
		if (kind == 7) return pick("devmajor devminor") op roll(300)
		if (kind == 8) return "inode" eq (1 + roll(99999))
		if (kind == 9) return "filetype" eq pick("file dir socket link character block fifo")
		if (kind == 10) return pick("obj_uid obj_gid") op roll(2000)
		if (kind == 11) return "sessionid" op pick("1 unset 17")
		if (kind == 12) return "saddr_fam" eq pick("2 10 1 16")
		if (kind == 13) return "path=" pick("/etc/passwd /tmp/x /no/such/file /bin/../etc")
		if (kind == 14) return "exe=" pick("/bin/busybox /bin/sh")
		return "pers" op pick("0 8")
	}
	function key() { return roll(2) ? "-k " pick("a key long-key_1 b.c") : "-F key=" pick("a key x=y") }
	function calls() {
		if (roll(4) == 0) return "-S all"
		return "-S " pick("open openat,close read execve,execveat 59 3000,1 mount rename,unlink,rmdir socket") \
			(roll(3) ? "" : " -S " pick("chmod fchmodat kill"))
	}
	BEGIN {
		seed = 20
		for (n = 0; n < 400; n++) {
			if (roll(6) == 0) {
				line = "-w " pick("/etc/passwd /etc /etc/ SPACED /no/such/file / /root/x") " " \
					(roll(4) ? "-p " pick("r w x a wa rwxa") : "") " " (roll(3) ? key() : "")
				gsub(/SPACED/, "/tmp/a\\\\ b", line)
				print line
				continue
			}
			list = pick("exit exit exit exit task user exclude filesystem")
			line = pick("-a -a -A") " " (roll(2) ? pick("always never") "," list : list "," pick("always never"))
			has_key = 0
			if (list == "exit") {
				if (roll(3)) { line = line " -F arch=" pick("b64 b32 x86_64 i386 c000003e"); line = line " " calls(); has_key = 1 }
				else if (roll(2)) { line = line " -S all"; has_key = 1 }
				if (roll(5) == 0) line = line " -C " pick("uid!=euid auid!=obj_uid obj_gid=gid euid=suid")
			}
			if (list == "exclude") line = line " -F msgtype=" pick("CWD PATH USER_LOGIN 1999 1300")
			if (list == "filesystem") { line = line " -F fstype=" pick("tracefs debugfs 0x1234"); has_key = 1 }
			for (count = roll(4); count > 0; count--) line = line " -F " field(list)
			if (has_key && roll(2)) line = line " " key() (roll(3) ? "" : " " key())
			print line
		}
}'
} >/tmp/rules

# loads WHO: all rules, one after another; refused lines into /tmp/WHO-refused, listings into /tmp/WHO-by-auditctl and ...-debian
loads() {
	auditctl -D >/dev/null
	"$1" -R /tmp/rules >/dev/null 2>"/tmp/$1-said" || fail "$1 -R ended with $?"
	sed -n 's/^There was an error in line \([0-9]*\) of .*/\1/p' "/tmp/$1-said" >"/tmp/$1-refused"
	for lister in auditctl debian; do
		{ $lister -l; echo; $lister -l -i; echo; $lister -l -k key; } >"/tmp/$1-by-$lister" 2>&1
	done
}

loads auditctl
loads debian
cmp /tmp/auditctl-refused /tmp/debian-refused || {
	for line in $(diff /tmp/auditctl-refused /tmp/debian-refused | sed -n 's/^[-+]\([0-9]\)/\1/p'); do sed -n "${line}p" /tmp/rules; done
	fail "not the same lines are refused"
}
for other in auditctl-by-debian debian-by-auditctl debian-by-debian; do
	cmp -s /tmp/auditctl-by-auditctl /tmp/$other && continue
	diff /tmp/auditctl-by-auditctl /tmp/$other
	fail "listed otherwise: $other"
done
loaded=$(auditctl -l | wc -l)
echo "$loaded of $(wc -l </tmp/rules) rules loaded and listed alike"
[ "$loaded" -ge 250 ] || fail "the kernel took too few of the rules"
