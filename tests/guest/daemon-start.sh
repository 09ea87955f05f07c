#!/bin/sh
# Starts that fail, and starts that must not: what --check-config says is what a start ends with, the reason is on standard
# error, several at once leave one whole, nobody waits for a daemon's standard output, and the shipped auditd.conf works on an
# appliance with 40 MiB and no accounts.
# guest: -t 900
. /steps

# fails STATUS PATTERN: check and start end with this status, and say why
fails() {
	for words in --check-config '-s nochange'; do
		status=0
		# shellcheck disable=SC2086  # options are several words
		auditd $words >/tmp/out 2>/tmp/err || status=$?
		[ $status = "$1" ] || fail "auditd $words ends with $status, not $1: $(cat /tmp/err)"
		expect "$2" /tmp/err
	done
}
cp $conf /tmp/shipped
log_disk tmpfs 40960
configure
chmod 777 /var/log/audit
fails 1 'Unsafe audit log directory for .*\(/var/log/audit: '
chmod 700 /var/log/audit
configure space_left=75 admin_space_left=50 admin_space_left_action=SUSPEND
fails 6 'admin_space_left\(50 MiB\) is more than the log.s file system has \(40 MiB\): admin_space_left_action \(suspend\)'
configure log_group=nobodys
fails 6 'Group ID is non-numeric and unknown \(nobodys\)'
mkdir $log
configure
fails 6 'is not a regular file'
rmdir $log
[ "$(ls -A /var/log/audit)" = '' ] || fail "a start that failed left $(ls -A /var/log/audit)"

# several at once: one runs, and the others touched nothing of it
round=1
while [ $round -le "$(rounds 3 20)" ]; do
	rm -f /var/log/audit/* /var/log/audit/.a*
	for n in 1 2 3 4; do
		auditd 2>/tmp/err.$n && echo "$n" >/tmp/won.$n &
	done
	wait
	[ "$(cat /tmp/won.* | wc -l)" = 1 ] || fail "round $round: $(cat /tmp/won.*) started"
	grep -h 'already has a daemon' /tmp/err.* | wc -l | grep -qx 3 || fail "round $round: $(cat /tmp/err.*)"
	auditctl -m "round $round" >/dev/null
	logged "round $round"
	[ "$(grep -c 'type=DAEMON_' $log)" = 1 ] || fail "round $round: $(grep 'type=DAEMON_' $log)"
	until_true 30 test -e /var/log/audit/.auditd.reserve || fail "round $round: no reserve"
	[ "$(auditd_pid)" = "$(kernel_pid)" ] || fail "round $round: the pid file is not the daemon's"
	[ "$(readlink /run/auditd.pid)" = /run/audit/auditd.pid ] || fail "no link for units of the other package"
	stop_auditd
	[ ! -e /run/auditd.pid ] && [ ! -L /run/auditd.pid ] || fail "the link is left"
	rm -f /tmp/won.*
	round=$((round + 1))
done

# two observers: the second one is refused
configure log_file=/var/log/beside/audit.log
auditd --observe || fail "no observer: $?"
auditd --observe 2>/tmp/err && fail "a second observer"
expect 'already has a daemon' /tmp/err
kill -TERM "$(cat /run/audit/observer/auditd.pid)"
until_true 30 grep -q 'type=DAEMON_END' /var/log/beside/audit.log || fail "the observer does not end"

# nobody waits for the daemon's standard output
configure
mkfifo /tmp/fifo
auditd >/tmp/fifo 2>&1 &
timeout 30 cat /tmp/fifo >/tmp/out || fail "the daemon holds its starter's standard output"
until_true 30 auditd_runs || fail "no daemon: $(cat /tmp/out)"
stop_auditd

# helpers inherit nothing
printf '#!/bin/sh\nenv >/tmp/env\n' >/sbin/helper
chmod 755 /sbin/helper
configure max_log_file=1 'max_log_file_action=EXEC /sbin/helper'
SECRET=1 auditd || fail "no start"
until_true 30 auditd_runs
n=0; while [ $n -lt 150 ]; do auditctl -m "$n $(printf '%08000d' 0)" >/dev/null; n=$((n + 1)); done
until_true 30 test -s /tmp/env || fail "no helper ran"
refuse 'SECRET|HOME' /tmp/env
# it frees nothing: it is not run again and again, and writing goes on
rm -f /tmp/env
auditctl -m 'after the helper' >/dev/null
logged 'after the helper'
sleep 3
[ ! -e /tmp/env ] || fail "the helper runs again at once"
stop_auditd

# a signal during the start counts
hostname slow.invalid
configure name_format=hostname
auditd -n & starting=$!
kill -TERM $starting 2>/dev/null
until_true 30 auditd_gone $starting || fail "TERM during the start is lost"

# the shipped configuration on an appliance
hostname appliance
mv /etc/passwd /etc/group /tmp
log_disk ext2 40960
cp /tmp/shipped $conf
auditd --check-config >/dev/null 2>/tmp/err || fail "shipped: $(cat /tmp/err)"
refuse 'space_left' /tmp/err
start_auditd
auditctl -m 'on an appliance' >/dev/null
logged 'on an appliance'
sleep 2
state logging_suspended false
stop_auditd
mv /tmp/passwd /tmp/group /etc
