#!/bin/sh
# The lists exclude, user and filesystem against the kernel: pairs of rules made up by dice (tests/guest/pairs.rs), and whether the
# record that a probe makes is in the log as `auditctl --explain` says, also without the second rule where `auditctl --check` calls
# that unreachable. Fields that the kernel cannot test there, keys among them, end the list.
# guest: pairs -t 900
. /steps
configure
start_auditd
program=$(readlink -f "$(command -v auditctl)")
count=72
files=24
place=/tmp/pairs
mkdir -p /trace
mount -t tracefs none /trace || fail "no tracefs"
file=/trace/current_tracer

# explained FILE WORDS...: 0 when the record is kept
explained() {
	status=0
	auditctl --explain "$@" >/tmp/said || status=$?
	[ $status -lt 2 ] || { cat /tmp/said; fail "not explained: $*"; }
	return $status
}

# load FILE: as the kernel takes it
load() {
	auditctl -D >/dev/null
	auditctl -R "$1" >/tmp/loaded 2>&1 || { cat "$1" /tmp/loaded; fail "not loaded"; }
}

# said_of_message RULES: whether the message is kept
said_of_message() {
	facts="uid=0 gid=0 euid=0 auid=unset sessionid=unset exe=$program pid=7"
	# shellcheck disable=SC2086  # facts are words
	if explained "$1" list=user $facts msgtype=USER; then echo kept; else echo left-out; fi
}

# compare RULES WANTED FOUND
compare() {
	[ "$2" = "$3" ] || { cat "$1" /tmp/said; fail "explained as $2, and it was $3"; }
	case $3 in
	kept) kept=$((kept + 1)) ;;
	*) left_out=$((left_out + 1)) ;;
	esac
}

# enough WHAT COUNT...: of each kind there are some
enough() {
	what=$1
	shift
	for number; do [ "$number" -gt 2 ] || fail "too few $what of one kind: $*"; done
}

for seed in $(seq "$(rounds 1 10)"); do
	rm -rf $place
	mkdir $place
	pairs lists "$seed" $count "$program" $place || fail "no rules"
	for case in $(seq 0 $((count - 1))); do
		load $place/$case.rules
		auditctl -m "probe $seed-$case."
	done
	auditctl -D >/dev/null
	auditctl -m "probes of $seed are over"
	logged "probes of $seed are over"
	kept=0 left_out=0 hidden=0
	for case in $(seq 0 $((count - 1))); do
		rules=$place/$case.rules found=left-out
		grep -q "probe $seed-$case\\." $log && found=kept
		compare $rules "$(said_of_message $rules)" $found
		auditctl --check --no-host --format compact $rules >/tmp/findings || true
		if grep -q ':2:.*\[AB20[125]\]' /tmp/findings; then
			hidden=$((hidden + 1))
			sed 2d $rules >$place/first
			cat /tmp/findings >>$rules
			compare $rules "$(said_of_message $place/first)" $found
		fi
	done
	enough messages $kept $left_out $hidden

	# A file on the file system matches its rule, or does not.
	kept=0 left_out=0
	for case in $(seq 0 $((files - 1))); do
		rules=$place/$case.files wanted=left-out found=left-out
		echo "-a always,exit -F arch=b64 -S all -F path=$file -F perm=r -F key=file-$seed-$case" >>$rules
		load $rules
		cat $file >/dev/null
		auditctl -D >/dev/null
		auditctl -m "file $seed-$case is over"
		logged "file $seed-$case is over"
		explained $rules list=filesystem fstype=tracefs && wanted=kept
		grep 'type=SYSCALL' $log | grep -q "key=\"file-$seed-$case\"" && found=kept
		compare $rules $wanted $found
		# A call that finds the file asks the list too.
		call="syscall=openat path=$file perm=r success=yes exit=3 uid=0 gid=0 auid=unset"
		wanted=left-out
		# shellcheck disable=SC2086  # facts are words
		explained $rules $call fstype=tracefs && wanted=kept
		compare $rules $wanted $found
	done
	enough files $kept $left_out

	# A call, when three lists have a say.
	kept=0 all=0 left_out=0 cut=0
	for case in $(seq 0 $((count - 1))); do
		rules=$place/$case.calls name=probe-$seed-$case
		before=$(wc -l <$log)
		load $rules
		mkdir /tmp/$name
		auditctl -D >/dev/null
		rmdir /tmp/$name
		auditctl -m "call $seed-$case is over"
		logged "call $seed-$case is over"
		tail -n +$((before + 1)) $log >/tmp/since
		grep 'type=SYSCALL.* syscall=83 ' /tmp/since >/tmp/call || true
		found=$(sed -n 's/.* key=//p' /tmp/call)
		status=0
		auditctl --explain $rules syscall=mkdir success=yes exit=0 uid=0 gid=0 auid=unset >/tmp/said || status=$?
		[ $status -lt 2 ] || { cat $rules /tmp/said; fail "not explained"; }
		wanted=
		case $(tail -n 1 /tmp/said) in
		*' leaves out '*) cut=$((cut + 1)) ;;
		*' with key '*) wanted=$(sed -n 's/.* with key \(.*\)/"\1"/p' /tmp/said) ;;
		*' every call '*) wanted='(null)' ;;
		esac
		[ "$wanted" = "$found" ] || { cat $rules /tmp/said /tmp/call; fail "explained as key $wanted, and it was $found"; }
		case $found in
		*call*) kept=$((kept + 1)) ;;
		'(null)') all=$((all + 1)) ;;
		*) left_out=$((left_out + 1)) ;;
		esac
		if [ $status = 1 ]; then
			! grep "$name" /tmp/since || { cat $rules /tmp/said; fail "records of it are there"; }
		fi
	done
	enough calls $kept $all $left_out $cut
done
