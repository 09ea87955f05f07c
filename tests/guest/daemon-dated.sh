#!/bin/sh
# Dated logs: rotation by age and by signal, several in one second, a clock that is set back and forward, and compressing
# commands that are slow, fail, or write what they should not.
# guest: -t 900
. /steps

fresh() {
	log_disk tmpfs 16384
	configure log_names=dates max_log_file_action=ROTATE "$@"
	: >/tmp/messages
	start_auditd
	number=0
}
# rotate: marks the log, and has it rotated
rotate() {
	number=$((number + 1))
	auditctl -m "mark-$number." >/dev/null || fail "no message"
	logged "mark-$number\\."
	kill -USR1 "$(auditd_pid)"
	until_true 30 is_rotated || fail "no rotation $number: $(ls /var/log/audit)"
}
is_rotated() { [ -f $log ] && ! grep -q "mark-$number\\." $log; }
dated() { (cd /var/log/audit && ls | sed -n 's/^audit\.log\.\(2.*\)/\1/p'); }
# packed FILE...: their text, compressed or not
packed() {
	for file; do
		case $file in
		*.gz) gzip -dc "$file" ;;
		*) cat "$file" ;;
		esac
	done
}
# holds NUMBERS: waits until these marks are in the rotated logs, in this order when read by name
holds() { until_true 30 held "$@" || fail "marks $marks, not $*, in $(dated)"; }
held() {
	marks=$(packed $log.2* 2>/dev/null | sed -n 's/.*mark-\([0-9]*\)\..*/\1/p' | tr '\n' ' ')
	[ "$marks" = "$* " ]
}
files() { dated | wc -l; }
is_gone() { ! is_dated "$1"; }
is_dated() { packed $log.2* 2>/dev/null | grep -q "mark-$1\."; }
# command BODY: what compresses
command() {
	printf '#!/bin/sh\n%s\n' "$1" >/sbin/compress
	chmod 755 /sbin/compress
}
start_syslog

# several in one second: none takes the name of another, and the newest stay
fresh num_logs=9
for n in 1 2 3 4 5; do rotate; done
holds 1 2 3 4 5
for n in 6 7 8 9 10; do rotate; done
holds 3 4 5 6 7 8 9 10
dated | grep -Evq '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}(_[0-9]{3})?$' && fail "names: $(dated)"
state logs_detected_last_rotate_shift 8
[ "$(stat -c %a $log.2* | sort -u)" = 400 ] || fail "$(ls -l /var/log/audit)"

# all in one second, however fast the machine is: the clock is held by setting it again and again
second=$(date +%s)
for n in 11 12 13; do
	date -s "@$((second + 1000))" >/dev/null
	rotate
done
holds 6 7 8 9 10 11 12 13
stop_auditd

# the clock back and forward: the newest log stays whatever it is called, and nothing but the excess is dropped
now=$(date +%s)
fresh num_logs=4
rotate
date -s "@$((now + 86400))" >/dev/null
rotate
date -s "@$((now - 86400))" >/dev/null
rotate
holds 3 1 2
date -s "@$((now - 86300))" >/dev/null
rotate
until_true 30 prints 3 files || fail "logs: $(dated)"
is_dated 4 || fail "the newest log is dropped: $(dated)"
date -s "@$((now + 100))" >/dev/null
rotate
until_true 30 prints 3 files || fail "logs: $(dated)"
is_dated 5 || fail "the newest log is dropped: $(dated)"
stop_auditd

# by age: also when nothing happens, and a clock that is set back only makes the log young
fresh num_logs=9 max_log_age=2s
auditctl -m 'mark-1.' >/dev/null
until_true 30 is_dated 1 || fail "nothing is rotated by age"
told 'Audit daemon rotating log files by age$'
auditctl -m 'mark-2.' >/dev/null
date -s "@$((now - 500000))" >/dev/null
auditctl -m 'mark-3.' >/dev/null
until_true 30 is_dated 3 || fail "a clock that was set back ends rotation by age: $(dated)"
date -s "@$now" >/dev/null
cat $log $log.2* >/tmp/all
for n in 1 2 3; do expect "mark-$n\\." /tmp/all; done
stop_auditd

# compressed: counted like the others, also while they are there twice
command 'gzip "$1"'
fresh num_logs=4 compress_command=/sbin/compress
all_packed() { [ "$(files)" = "$(dated | grep -c 'gz$')" ]; }
for n in 1 2 3 4 5; do
	rotate
	until_true 30 all_packed || fail "not compressed: $(dated)"
done
until_true 30 prints 3 files || fail "logs: $(dated)"
holds 3 4 5
stop_auditd

command 'gzip -c "$1" >"$1.gz"; until [ -e /tmp/go-on ]; do usleep 100000; done; rm "$1"'
fresh num_logs=4 compress_command=/sbin/compress
for n in 1 2 3; do rotate; done
is_packed() { packed $log.2*.gz 2>/dev/null | grep -q "mark-$1\\."; }
for n in 1 2 3; do
	until_true 30 is_packed $n || fail "mark-$n is dropped while it is compressed: $(dated)"
done
[ "$(files)" = 6 ] || fail "the command is not slow: $(dated)"
state logs_detected_last_rotate_shift 3
touch /tmp/go-on
until_true 30 prints 3 files || fail "logs: $(dated)"
rotate
until_true 30 is_gone 1 || fail "mark-1 is still there: $(dated)"
packed $log.2* >/tmp/all
for n in 2 3 4; do expect "mark-$n\\." /tmp/all; done
stop_auditd

# one that fails leaves the log as it was; one that is killed, writes rubbish beside it or hangs is nobody's trouble
for body in 'exit 3' 'kill -9 $$' 'head -c 3000 /dev/zero >"$1.gz.tmp"' 'sleep 1000'; do
	command "$body"
	fresh num_logs=4 compress_command=/sbin/compress
	for n in 1 2 3 4 5; do rotate; done
	until_true 30 is_gone 2 || fail "mark-2 is still there: $(dated)"
	cat $log.2*[0-9] >/tmp/all
	for n in 3 4 5; do expect "mark-$n\\." /tmp/all; done
	stop_auditd
done

# ten that hang at once: those that do not fit are said to be left alone
fresh num_logs=20 compress_command=/sbin/compress
for n in 1 2 3 4 5 6 7 8 9 10; do rotate; done
told 'Too many helpers are running; another one was not started$'
holds 1 2 3 4 5 6 7 8 9 10
stop_auditd

# one that cannot be started is said
printf 'no program\n' >/sbin/compress
fresh num_logs=4 compress_command=/sbin/compress
rotate
told 'Audit daemon failed to exec /sbin/compress \(Exec format error\)$'
holds 1
stop_auditd
