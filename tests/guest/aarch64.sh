#!/bin/sh
# The aarch64 binary on an aarch64 kernel: the shipped rules fit, the daemon collects, and calls are told by this machine's
# names and numbers.
# guest: -a aarch64
. /steps
[ "$(uname -m)" = aarch64 ] || fail "this is $(uname -m)"
augenrules --load >/tmp/out 2>&1 || fail "augenrules --load ended with $?: $(cat /tmp/out)"
wanted=$(cat /etc/audit/rules.d/*.rules | grep -c '^-[aw]')
[ "$(auditctl -l | wc -l)" = "$wanted" ] || fail "$wanted rules in the files, $(auditctl -l | wc -l) in the kernel"
start_auditd
as alice 'cat /etc/shadow; echo x >/tmp/x; chmod 600 /tmp/x; mv /tmp/x /tmp/y; nc -w 1 127.0.0.1 9 </dev/null' 2>/dev/null
logged 'key="connect"'
is_seen() { # the rest of the event comes after the record that has its key
	ausearch -ul alice -i >/tmp/seen
	grep -q 'lport=9' /tmp/seen
}
until_true 30 is_seen || fail "no connection is seen: $(cat /tmp/seen)"
expect 'arch=aarch64 syscall=openat success=no exit=EACCES\(Permission denied\)' /tmp/seen
expect 'arch=aarch64 syscall=fchmodat success=yes' /tmp/seen
expect 'arch=aarch64 syscall=renameat2? success=yes' /tmp/seen
expect 'arch=aarch64 syscall=connect success=no exit=ECONNREFUSED' /tmp/seen
expect 'saddr=\{ saddr_fam=inet laddr=127.0.0.1 lport=9 \}' /tmp/seen
ausearch -sc openat -k access >/tmp/raw || fail "no openat is found by its name"
stop_auditd
