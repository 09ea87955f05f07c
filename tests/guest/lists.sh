#!/bin/sh
# The lists exclude, user and filesystem against the kernel: pairs of rules, and whether the record that a probe makes is in the log
# as `auditctl --explain` says. Fields that the kernel cannot test there, keys among them, end the list.
# guest: -t 500
. /steps
configure
start_auditd
program=$(readlink -f "$(command -v auditctl)")
other=/bin/busybox
mkdir -p /tmp/pairs /trace
mount -t tracefs none /trace || fail "no tracefs"

# expected FILE WORDS...: 0 when the record is kept
expected() {
	status=0
	auditctl --explain "$@" >/tmp/said || status=$?
	[ $status -lt 2 ] || { cat /tmp/said; fail "not explained: $*"; }
	return $status
}

# load FILE: as the kernel takes it
load() {
	auditctl -D >/dev/null
	auditctl -R "$1" >/tmp/loaded 2>&1 || { cat /tmp/loaded; fail "not loaded: $(cat "$1")"; }
}

count=0
# pair FIRST SECOND: makes the probe under these rules
pair() {
	count=$((count + 1))
	printf '%s\n' "$1" "$2" >/tmp/pairs/$count.rules
	load /tmp/pairs/$count.rules
	auditctl -m "probe $count."
}

tests="uid=0 uid!=0 auid=unset gid<5 exe=$program exe!=$program pid!=1 euid=0 sessionid=unset"
for first in $tests "uid=0 -F exe=$program -F key=k" "uid!=0 -F exe=$program -F key=k" "euid=0 -F uid!=0"; do
	pair "-a always,exclude -F $first" "-a always,exclude -F msgtype=USER"
	pair "-a always,exclude -F msgtype=CWD -F $first" "-a never,exclude -F msgtype=USER -F uid=0"
	pair "-a never,user -F $first" "-a never,user -F uid=0 -F auid=unset"
	pair "-a always,user -F $first" "-a never,user -F gid=0"
	pair "-a never,user -F $first" "-a always,exclude -F msgtype=USER -F exe=$other"
done
auditctl -D >/dev/null
auditctl -m "probes are over"
logged "probes are over"
kept=0
for place in $(seq $count); do
	rules=/tmp/pairs/$place.rules
	facts="uid=0 gid=0 euid=0 auid=unset sessionid=unset exe=$program pid=7 msgtype=USER"
	wanted=left-out
	# shellcheck disable=SC2086  # facts are words
	expected $rules list=user ${facts%msgtype=*} && expected $rules list=exclude $facts && wanted=kept
	found=left-out
	grep -q "probe $place\\." $log && found=kept kept=$((kept + 1))
	[ $wanted = $found ] || { cat $rules /tmp/said; fail "explained as $wanted, and it was $found"; }
done
[ $kept -gt 10 ] && [ $kept -lt $((count - 10)) ] || fail "too few of one kind: $kept of $count are kept"

# A file on the file system matches its rule, or does not.
file=/trace/current_tracer
for first in always never; do
	for test in fstype=tracefs fstype!=tracefs 'fstype=debugfs -F fstype=tracefs' 'fstype!=tracefs -F fstype!=debugfs'; do
		count=$((count + 1))
		printf '%s\n' "-a $first,filesystem -F $test" "-a never,filesystem -F fstype=debugfs" \
			"-a always,exit -F arch=b64 -S all -F path=$file -F perm=r -F key=file-$count" >/tmp/pairs/$count.rules
		load /tmp/pairs/$count.rules
		cat $file >/dev/null
		auditctl -D >/dev/null
		auditctl -m "file $count is over"
		logged "file $count is over"
		wanted=left-out found=left-out
		expected /tmp/pairs/$count.rules list=filesystem fstype=tracefs && wanted=kept
		grep 'type=SYSCALL' $log | grep -q "key=\"file-$count\"" && found=kept
		[ $wanted = $found ] || { cat /tmp/pairs/$count.rules /tmp/said; fail "explained as $wanted, and it was $found"; }
	done
done
