#!/bin/sh
# auditd --early: what happens in an initramfs, on the way to the real root and after it is in the log of the real daemon, all of it and
# once; and what becomes of a hand-over of which a side dies, stands still or has no more room. The guest begins with this script as the
# init of a real initramfs, which goes to a real root; there it runs again.
# guest: -i -k rdinit=/guest-script -t 600

# touched N: provokes an event whose number is in the log
touched() { : >"/tmp/watched/$1"; }

# events_of_long_names COUNT [NAME]: as many, each of some 10 kB; the names of the files begin with NAME
events_of_long_names() {
	name=$(printf '%0200d' 0) deep=/tmp/watched n=0
	while [ ${#deep} -lt 3600 ]; do deep=$deep/$name; done
	mkdir -p "$deep"
	while [ $n -lt "$1" ]; do : >"$deep/${2:-}$n" && n=$((n + 1)); done
}

if [ $$ = 1 ]; then
	/bin/busybox mkdir -p /proc /dev /run /tmp/watched /mnt
	/bin/busybox mount -t proc proc /proc
	/bin/busybox mount -t devtmpfs dev /dev
	/bin/busybox mount -t tmpfs run /run
	/bin/busybox --install -s /bin
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	echo '-w /tmp/watched -p wa -k initramfs' >/etc/audit/audit.rules
	audit-early >/tmp/said 2>&1
	echo "$?" >>/tmp/said
	auditctl -s >/tmp/status
	touched 1
	mount -t tmpfs -o mode=755 root /mnt
	for entry in /*; do
		case $entry in
		/mnt | /proc | /dev | /run | /sys | /out) mkdir "/mnt$entry" ;;
		*) cp -a "$entry" /mnt/ ;;
		esac
	done
	touched 2
	for mounted in proc dev run; do mount --move /$mounted /mnt/$mounted; done
	exec switch_root /mnt /init
fi

. /steps
serials() { sed -n '/^type=DAEMON_/d; s/^type=[A-Z_]* msg=audit([0-9.]*:\([0-9]*\)).*/\1/p' $log | sort -nu; }
# complete: no serial is missing between the first and the last
complete() {
	holes=$(serials | awk 'last && $1 > last + 1 { print last + 1 "-" $1 - 1 } { last = $1 }' | tr '\n' ' ')
	[ -z "$holes" ] || fail "missing: $holes"
	[ -z "$(grep -v '^type=DAEMON_' $log | sort | uniq -d)" ] || fail "twice: $(grep -v '^type=DAEMON_' $log | sort | uniq -d | head -n 3)"
}
once() { [ "$(grep -c "type=PATH .*name=\"/*tmp/watched/$1\" .*nametype=CREATE" $log)" = 1 ] || fail "$(grep -c "watched/$1" $log) records of $1"; }
audit_pid() { auditctl -s | sed -n 's/^pid //p'; }
owns() { [ "$(audit_pid)" = "$1" ]; }
# memory: where its records are;  keeps PATTERN: waits until it keeps such a record
memory() { for file in /proc/$early/fd/*; do case $(readlink "$file") in /memfd:*) echo "$file" ;; esac; done; }
keeps() { until_true 30 grep -aq "$1" "$(memory)" || fail "it does not keep $1"; }
# early: starts an early daemon; its pid is $early
early() {
	auditd --early || fail "auditd --early: $?"
	early=$(audit_pid)
	[ "$(tr '\0' ' ' <"/proc/$early/cmdline" | cut -c 1-27)" = '@auditbox auditd --early -n' ] || fail "it is $(cat "/proc/$early/cmdline")"
}

# Over a real switch_root
[ "$(cat /tmp/said)" = 0 ] || fail "audit-early: $(cat /tmp/said)"
early=$(sed -n 's/^pid //p' /tmp/status)
[ "$early" -gt 0 ] || fail "no early daemon: $(cat /tmp/status)"
owns "$early" || fail "the early daemon did not live through it"
# A rule on a directory of the initramfs is of no use any more, and the kernel gives a new one on the same path the same directory.
auditctl -D >/dev/null
mkdir -p /tmp/watched
auditctl -w /tmp/watched -p wa -k root 2>/dev/null || fail "no rule"
touched 3
# What it may do: AUDIT_CONTROL 30 and AUDIT_READ 37
expect '^CapPrm:.*0000002040000000$' "/proc/$early/status"
expect '^CapBnd:.*0000002040000000$' "/proc/$early/status"
expect '^NoNewPrivs:.*1$' "/proc/$early/status"
[ "$(readlink "/proc/$early/fd/1")" = /dev/null ] || fail "it writes to $(readlink "/proc/$early/fd/1")"
for signal in HUP USR1 USR2 INT PIPE; do kill -s $signal "$early"; done
auditd --early 2>/tmp/said && fail "a second early daemon"
expect "already has a daemon: .* pid $early" /tmp/said
started=$(date +%s)
start_auditd
owns "$(auditd_pid)" || fail "the kernel's daemon is $(audit_pid)"
until_true 30 auditd_gone "$early" || fail "the early daemon stays"
touched 4
logged 'watched/4'
[ $(($(date +%s) - started)) -lt 5 ] || fail "the start took $(($(date +%s) - started)) s"
for n in 1 2 3 4; do once $n; done
logged "type=DAEMON_CONFIG .*: op=hand-over early-pid=$early records=[0-9]* .* res=success"
logged 'type=SYSCALL .*key="initramfs"'
complete
whole
[ "$(grep -c 'lost-events' $log)" = 0 ] || fail "lost: $(grep lost-events $log)"
[ ! -e /run/audit/early ] || fail "its trace stays"
stop_auditd

# Under load: a daemon takes over while events flow
configure
rm -f $log
early
audit_numbers
events 1500 &
producer=$!
usleep 500000
start_auditd
wait $producer
auditctl -m 'the last word' >/dev/null
logged 'the last word'
there=$(sed -n 's/.*type=SYSCALL .* a0=\([0-9a-f]*\) .*key="number".*/\1/p' $log | wc -l)
[ "$there" = 1500 ] || fail "$there of 1500"
complete
whole
stop_auditd

# A daemon that cannot start leaves it what it is
auditctl -D >/dev/null
auditctl -w /tmp/watched -p wa -k root 2>/dev/null
rm -f $log
early
touched 5
echo nonsense >>$conf
auditd 2>/dev/null && fail 'a bad configuration is taken'
owns "$early" || fail "the kernel's daemon is $(audit_pid)"
configure
start_auditd
touched 6
logged 'watched/6'
once 5
complete
stop_auditd

# Killed: the real daemon starts, and says what is lost
start_syslog
rm -f $log
early
touched 7
keeps watched/7
kill -9 "$early"
start_auditd
touched 8
logged 'watched/8'
logged 'op=lost-events cause=daemon-killed count=. first=. last=[0-9]* '
told 'The early audit daemon has died'
refuse 'watched/7' $log
last=$(sed -n 's/.*cause=daemon-killed .* last=\([0-9]*\) .*/\1/p' $log)
[ $((last + 1)) = "$(serials | head -n 1)" ] || fail "lost up to $last, and $(serials | head -n 1) is there"
stop_auditd

# The real daemon is killed before it has said that it has everything: the next one gets all of it
rm -f $log
early
touched 11
kill -STOP "$early"
auditd -n &
heir=$!
usleep 700000
kill -9 $heir
kill -CONT "$early"
touched 12
owns "$early" || fail "the kernel's daemon is $(audit_pid)"
start_auditd
touched 13
logged 'watched/13'
for n in 11 12 13; do once $n; done
complete
refuse op=lost-events $log
stop_auditd

# It is killed after that: of what it has not written the next one says from which serial to which it was
rm -f $log
early
events_of_long_names 400 kept-
auditd -n &
heir=$!
until auditd_gone "$early"; do :; done
kill -9 $heir
written=$(serials | wc -l)
start_auditd
touched 14
logged 'watched/14'
holes=$(serials | awk 'last && $1 > last + 1 { print last + 1, $1 - 1 } { last = $1 }')
killed=$(sed -n 's/.*cause=daemon-killed count=[^ ]* first=\([0-9?]*\) last=\([0-9]*\) .*/\1 \2/p' $log)
case $killed in
'? '*) # nothing was written
	[ "$written" = 0 ] || fail "$written events were written, and the ledger has $killed"
	[ $((${killed#* } + 1)) = "$(serials | head -n 1)" ] || fail "lost up to ${killed#* }, and $(serials | head -n 1) is there"
	;;
'') [ "$(grep -c 'name="[^ ]*/kept-[0-9]*" .*nametype=CREATE' $log)" = 400 ] || fail "something is missing, and the ledger has nothing" ;;
*) [ "$holes" = "$killed" ] || fail "missing are $holes, and the ledger has $killed" ;;
esac
[ -z "$(grep -v '^type=DAEMON_' $log | sort | uniq -d)" ] || fail "twice: $(grep -v '^type=DAEMON_' $log | sort | uniq -d | head -n 3)"
echo "killed with $written events written; lost: ${killed:-none}"
stop_auditd

# Standing still: it is ended, and nobody waits long for it
rm -f $log
early
kill -STOP "$early"
started=$(date +%s)
start_auditd
[ $(($(date +%s) - started)) -lt 8 ] || fail "the start took $(($(date +%s) - started)) s"
owns "$(auditd_pid)" || fail "the kernel's daemon is $(audit_pid)"
auditd_gone "$early" || fail 'it stands there for ever'
touched 9
logged 'watched/9'
logged 'op=lost-events cause=daemon-killed'
told 'The early audit daemon, pid .* did not answer'
stop_auditd

# More than it may keep: what it has kept is there, the rest is counted, memory is bounded
rm -f $log
early
events_of_long_names 1000
kept=$(stat -L -c %s "$(memory)")
[ "${kept:-0}" -gt 4000000 ] && [ "$kept" -le 4194304 ] || fail "it keeps $kept bytes"
[ "$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p' /proc/$early/status)" -lt 1000 ] || fail "memory: $(grep Vm /proc/$early/status)"
start_auditd
touched 10
logged 'watched/10'
logged 'op=lost-events cause=early-queue'
set -- $(sed -n 's/.*cause=early-queue count=\([0-9]*\) first=\([0-9]*\) last=\([0-9]*\) .*/\1 \2 \3/p' $log)
[ $# = 3 ] || fail "$(grep early-queue $log)"
holes=$(serials | awk 'last && $1 > last + 1 { print last + 1, $1 - 1 } { last = $1 }')
case $holes in
"$2 $3" | "$(($2 + 1)) $3") ;; # of the first one a part may have had room
*) fail "lost is $2 to $3, missing are $holes" ;;
esac
echo "kept $kept bytes, lost $1 records"
state lost_to_early_queue "$1"
