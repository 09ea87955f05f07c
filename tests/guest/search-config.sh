#!/bin/sh
# What ausearch and aureport take from auditd.conf: where the log is, wherever that stands in a file that the daemon would refuse;
# and what they do about a log directory that is not there.
# guest: quick
. /steps
mkdir -p /var/log/collect /var/log/audit
echo "type=USER_LOGIN msg=audit(1700000120.300:13): pid=10 uid=0 auid=1000 ses=4 msg='op=login res=success'" \
	>/var/log/audit/audit.log
sed 's/:13)/:77)/' /var/log/audit/audit.log >/var/log/collect/audit.log

# finds SERIAL: ausearch and aureport find that event alone, and say nothing but what is in /tmp/words
finds() {
	ausearch --input-logs -m USER_LOGIN --raw >/tmp/found 2>/tmp/said || fail "ausearch: $? $(cat /tmp/said)"
	expect ":$1\)" /tmp/found
	[ "$(wc -l </tmp/found)" = 1 ] || fail "found: $(cat /tmp/found)"
	cmp -s /tmp/said /tmp/words || fail "ausearch says: $(cat /tmp/said)"
	aureport --input-logs -e >/tmp/found 2>/tmp/said || fail "aureport: $? $(cat /tmp/said)"
	expect " $1 USER_LOGIN" /tmp/found
	cmp -s /tmp/said /tmp/words || fail "aureport says: $(cat /tmp/said)"
}

: >/tmp/words
printf 'tcp_listen_port = 60\nlog_file = /var/log/collect/audit.log\nspace_left = 75\ntransport = TCP\nmax_log_file = 6 # MiB\n' >$conf
auditd --check-config >/dev/null 2>&1 && fail "the daemon takes this file"
finds 77
printf 'freq = x\nnonsense\nlog_file = /var/log/collect/audit.log\n' >$conf
finds 77
printf 'log_file = /var/log/collect/audit.log\r\nfreq = 5\r\n' >$conf
finds 77

printf 'log_file = /run/log/audit/audit.log\n' >$conf
printf '%s\n' 'Could not open dir /run/log/audit (No such file or directory)' \
	'NOTE - using built-in logs: /var/log/audit/audit.log' >/tmp/words
finds 13
chmod 666 $conf
printf '%s\n' "Error - $conf is world writable" 'NOTE - using built-in end_of_event_timeout: 2' \
	'NOTE - using built-in logs: /var/log/audit/audit.log' >/tmp/words
finds 13
