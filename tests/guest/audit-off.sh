#!/bin/sh
# A kernel told not to audit (audit=0): every question gets a plain answer and a status, nothing hangs.
# guest: quick -k audit=0
. /steps
for words in -s -l -D '-a always,exit -F arch=b64 -S rmdir' '--signal stop'; do
	# shellcheck disable=SC2086  # an option and its value
	timeout 30 auditctl $words >/tmp/out 2>&1
	[ $? = 1 ] || fail "auditctl $words does not end with 1"
	expect '^Cannot open netlink audit socket' /tmp/out
done
timeout 30 augenrules --load >/tmp/out 2>&1
[ $? = 1 ] || fail "augenrules --load does not end with 1"
timeout 30 auditd -n >/tmp/out 2>&1
[ $? = 1 ] || fail "auditd does not end with 1"
auditbox doctor >/tmp/out && fail "healthy"
expect '^broken AD102 ' /tmp/out
echo quiet >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
auditbox doctor >/tmp/out && fail "healthy"
expect '^broken AD101 ' /tmp/out
exit 0
