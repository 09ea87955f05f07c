#!/bin/sh
# Our plugins under Debian's daemon: the records that arrive at their ends are those of its log, also after a reload, and none of them
# outlives it. The system log is a real rsyslog.
# guest: oracle -t 900
. /steps
oracle true # mounts what its programs see
ip link set lo up
calls_in() { grep -cs 'syscall=95 .*key="call"' "$1"; }

cat >/tmp/rsyslog.conf <<-X
	module(load="imuxsock")
	\$RepeatedMsgReduction off
	local3.* /tmp/local3
	local4.* /tmp/local4
	*.* /tmp/messages
X
oracle /sbin/rsyslogd -n -i /tmp/rsyslog.pid -f /tmp/rsyslog.conf 2>/tmp/rsyslog.said &
until_true 30 test -S /dev/log || fail "no system log: $(cat /tmp/rsyslog.said)"
oracle /usr/bin/socat -u UDP-RECV:8125 - >/tmp/counts &
until_true 30 grep -qi ' 00000000:1FBD ' /proc/net/udp || fail "nobody takes the counts"

# One static file in Debian's world, under five names
mkdir -p /oracle/plugins
rm -f /oracle/etc/audit/plugins.d/*
cp "$(readlink -f /sbin/auditd)" /oracle/plugins/auditbox
chmod 755 /oracle/plugins/auditbox
# plugin NAME ARGUMENTS [KEY=VALUE...]
plugin() {
	name=$1
	ln -s auditbox "/oracle/plugins/audisp-$name"
	printf 'active = yes\ndirection = out\npath = /plugins/audisp-%s\ntype = always\n' "$name" >"/oracle/etc/audit/plugins.d/$name.conf"
	[ -z "$2" ] || echo "args = $2" >>"/oracle/etc/audit/plugins.d/$name.conf"
	shift 2
	for setting; do echo "${setting%%=*} = ${setting#*=}"; done >>"/oracle/etc/audit/plugins.d/$name.conf"
	chmod 640 "/oracle/etc/audit/plugins.d/$name.conf"
}
plugin af_unix '0640 /tmp/events string' format=string
plugin syslog 'LOG_INFO LOG_LOCAL3' format=string
plugin filter '' format=string
plugin json '--file /tmp/events.json' format=binary
plugin statsd '' format=string
# Debian's daemon passes on two words at most, so a script gives the filter its own
cp "$(readlink -f /bin/busybox)" /oracle/plugins/busybox
rm /oracle/plugins/audisp-filter
cat >/oracle/plugins/audisp-filter <<-X
	#!/plugins/busybox sh
	exec /plugins/auditbox audisp-filter blocklist /etc/audit/audisp-filter.conf /plugins/audisp-syslog LOG_INFO LOG_LOCAL4
X
chmod 755 /oracle/plugins/audisp-filter
echo 'key r= "\"call\""' >/oracle/etc/audit/audisp-filter.conf
printf 'address = 127.0.0.1\nport = 8125\ninterval = 2\n' >/oracle/etc/audit/audisp-statsd.conf
chmod 640 /oracle/etc/audit/audisp-filter.conf /oracle/etc/audit/audisp-statsd.conf

configure log_format=ENRICHED max_log_file=8 disk_full_action=SUSPEND space_left=20 admin_space_left=10 q_depth=2000
cp $conf /oracle/etc/audit/auditd.conf
oracle /sbin/auditd || fail "Debian's auditd: $?"
registered() { [ "$(kernel_pid)" -gt 0 ]; }
until_true 30 registered || fail "Debian's auditd is not registered"
pid=$(auditctl -s | sed -n 's/^pid //p')
until_true 30 test -S /tmp/events || fail "no socket: $(cat /tmp/messages)"
oracle /usr/bin/socat -u UNIX-CONNECT:/tmp/events - >/tmp/read &
until_true 30 grep -q 'Client connected' /tmp/messages || fail "no client: $(cat /tmp/messages)"
audit_calls

# count END: the calls that arrived there
count() {
	case $1 in
	*.json) grep -c '"syscall":"umask".*"keys":\["call"\]' "$1" ;;
	*) calls_in "$1" ;;
	esac
}

# ends N: every end has the calls of the log, which are N at least: after a reload Debian's daemon does not write all
ends() {
	enough() { logged=$(calls_in $log) && [ "$logged" -ge "$1" ]; }
	until_true 30 enough "$1" || fail "the log has $logged calls"
	stands_still() { before=$logged && sleep 2 && logged=$(calls_in $log) && [ "$logged" = "$before" ]; }
	until_true 30 stands_still || fail "the log does not come to an end"
	for end in /tmp/read /tmp/local3 /tmp/local4 /tmp/events.json; do
		same() { [ "$(count $end)" = "$(calls_in $log)" ]; }
		until_true 30 same || fail "$end has $(count $end) calls, the log $(calls_in $log)"
	done
	counted() { awk -F '[:|]' -v logged="$logged" '/^events.total_count/ { n += $2 } END { exit n < logged }' /tmp/counts; }
	until_true 30 counted || fail "counts: $(cat /tmp/counts)"
}
calls 300
ends 300

# whole lines with the names that were looked up, as Debian's log has them
grep 'syscall=95 .*key="call"' $log >/tmp/log.lines
grep 'syscall=95 .*key="call"' /tmp/read | cmp - /tmp/log.lines || fail "what the socket's reader has is not what the log has"

# a reload begins none a second time
kill -HUP "$pid"
logged 'type=DAEMON_CONFIG .*res=success'
sleep 3
until_true 30 test -S /tmp/events || fail "no socket after the reload"
for one in audisp-af_unix 'audisp-syslog .*LOCAL3' 'auditbox audisp-filter' 'audisp-syslog .*LOCAL4' audisp-json audisp-statsd; do
	once() { [ "$(ps -o args | grep -c "^/plugins/$one")" = 1 ]; }
	until_true 30 once || fail "after the reload: $one: $(ps -o args | grep plugins)"
done
calls 300
ends $((logged + 100))
kill -TERM "$pid"
until_true 30 auditd_gone "$pid" || fail "Debian's auditd does not end"
none() { ! ps -o args | grep -q '^/plugins/'; }
until_true 30 none || fail "plugins outlive the daemon: $(ps -o pid,args)"
until_true 30 grep -q 'type=DAEMON_END' /tmp/local3 || fail "the last record did not reach the system log"
[ ! -e /tmp/events ] || fail "the socket is left behind"
