#!/bin/sh
# Debian's tools and our daemon, our tools and Debian's daemon: each reads and drives the other's.
# guest: oracle -t 200
. /steps
log=/var/log/audit/audit.log
cat >/etc/audit/auditd.conf <<X
log_format = ENRICHED
num_logs = 5
max_log_file = 8
space_left = 20
admin_space_left = 10
disk_full_action = SUSPEND
X
start_auditd
auditctl -a always,exit -F arch=b64 -S openat -F path=/etc/shadow -k shadow
as alice 'cat /etc/shadow' 2>/dev/null
# a gap in the log, so that the ledger is written
auditctl -r 2 >/dev/null
n=0; while [ $n -lt 50 ]; do auditctl -m "message $n" >/dev/null; n=$((n + 1)); done
sleep 6
auditctl -m last >/dev/null
logged 'type=DAEMON_ERR .*op=lost-events cause=kernel-rate-limit count=[0-9]'
auditctl -r 0 >/dev/null

# Debian's auditctl drives our daemon
oracle /sbin/auditctl -s | grep -q "^pid $(auditd_pid)" || fail "Debian's auditctl sees another daemon"
for signal in USR1 HUP USR2; do
	oracle /sbin/auditctl --signal $signal || fail "Debian's --signal $signal: $?"
	sleep 1
done
expect 'type=DAEMON_ROTATE .*res=success' $log
expect 'type=DAEMON_CONFIG .*state=changed' $log
expect 'type=DAEMON_RESUME .*res=success' $log
stop_auditd

# Debian's readers have nothing to complain about
for words in '--raw' '-i' '-m DAEMON_START' '-m DAEMON_END -i' '-m DAEMON_ERR -i' '-k shadow -i' '--format csv' '--format text'; do
	oracle /sbin/ausearch $words >/tmp/found 2>/tmp/complaints </dev/null || fail "Debian's ausearch $words: $? $(cat /tmp/complaints)"
	[ ! -s /tmp/complaints ] || fail "Debian's ausearch $words: $(cat /tmp/complaints)"
	[ -s /tmp/found ] || fail "Debian's ausearch $words finds nothing"
done
# but for those AppArmor wrote, which it never shows
oracle /sbin/ausearch --raw </dev/null 2>/dev/null | grep -v 'type=AVC' | sort >/tmp/theirs
cat $log.1 $log | grep -v 'type=AVC' | sort >/tmp/ours
[ "$(wc -l </tmp/theirs)" = "$(wc -l </tmp/ours)" ] || fail "Debian's ausearch passes over records: $(diff /tmp/theirs /tmp/ours | head -n 4)"
for words in '' '-e' '-f -i' '-k' '-u -i' '-x' '--summary'; do
	oracle /sbin/aureport $words >/tmp/found 2>/tmp/complaints </dev/null || [ $? = 1 ] || fail "Debian's aureport $words: $?"
	grep -Eiv 'no events of interest' /tmp/complaints && fail "Debian's aureport $words complains"
done

# our auditctl drives Debian's daemon
oracle /sbin/auditd || fail "Debian's auditd: $?"
sleep 1
pid=$(auditctl -s | sed -n 's/^pid //p')
[ "$pid" -gt 0 ] || fail "Debian's auditd is not registered"
auditctl --signal rotate || fail "--signal rotate: $?"
logged 'type=DAEMON_ROTATE'
auditd 2>/tmp/err && fail "ours starts beside Debian's"
expect "already has a daemon: auditd, pid $pid" /tmp/err
auditctl --signal stop || fail "--signal stop: $?"
auditd_gone "$pid" || fail "stop returned before Debian's daemon was gone"
expect 'type=DAEMON_END .*op=terminate' $log
