#!/bin/sh
# A directory's watch takes what is mounted below it when the rule is loaded; what is mounted later, only once -q has named it.
# guest: quick
. /steps
configure
start_auditd
mkdir -p /tmp/watched/early /tmp/watched/late
mount -t tmpfs none /tmp/watched/early
auditctl -a always,exit -F arch=b64 -S all -F dir=/tmp/watched -F perm=w -k tree || fail "the rule"
mount -t tmpfs none /tmp/watched/late

# is_seen FILE: whether the file's making is in the log
is_seen() {
	: >"$1"
	auditctl -m "made $1."
	logged "made $1."
	grep -q "name=\"$1\"" $log
}

is_seen /tmp/watched/plain || fail "a file of the directory is not seen"
is_seen /tmp/watched/early/one || fail "what was mounted before is not watched"
! is_seen /tmp/watched/late/one || fail "what was mounted later is watched"
auditctl -q /tmp/watched,/tmp/watched/late || fail "-q"
is_seen /tmp/watched/late/two || fail "what -q has named is not watched"
