#!/bin/sh
# The plugins at work: ours and Debian's under our daemon, with the files of Debian's package as they are. The system log is a
# real rsyslog. What arrives at the ends is what the log has.
# guest: oracle -t 900
. /steps
oracle true # mounts what its programs see
mount --bind /run /oracle/run
mkdir -p /plugins /etc/audit/plugins.d
ip link set lo up
calls_in() { grep -c 'syscall=95 .*key="call"' "$1"; }

# without a system log it ends after its input all the same, and says what became of that
for n in 1 2 3; do echo "type=USER msg=audit(1.000:$n): a"; done | timeout 60 audisp-syslog 2>/tmp/no-log
[ $? = 1 ] || fail "without a system log audisp-syslog ended with another status: $(cat /tmp/no-log)"
expect 'has not taken all records' /tmp/no-log

cat >/tmp/rsyslog.conf <<-X
	module(load="imuxsock")
	\$RepeatedMsgReduction off
	local3.* /tmp/local3
	local4.* /tmp/local4
	*.* /tmp/messages
X
oracle /sbin/rsyslogd -n -i /tmp/rsyslog.pid -f /tmp/rsyslog.conf 2>/tmp/rsyslog.said &
until_true 30 test -S /dev/log || fail "no system log: $(cat /tmp/rsyslog.said)"

# program NAME SCRIPT: a program that a plugin's file names
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod 755 "$1"
}
# active FILE AS: a file of plugins.d, made active
active() {
	sed 's/^active = no/active = yes/' "$1" >"$2"
	chmod 640 "$2"
}

# Debian's files, its own syslog plugin, and a filter that keeps what has the key
packaged=/oracle/etc/audit/plugins.d
rm -f /etc/audit/plugins.d/*
active $packaged/af_unix.conf /etc/audit/plugins.d/af_unix.conf
active $packaged/syslog.conf /etc/audit/plugins.d/syslog.conf
program /plugins/debian 'exec chroot /oracle /sbin/audisp-syslog LOG_INFO LOG_LOCAL3'
printf 'active = yes\ndirection = out\npath = /plugins/debian\ntype = always\nformat = string\n' >/etc/audit/plugins.d/debian.conf
program /plugins/keep 'exec cat >>/tmp/kept'
echo 'key r= "\"call\""' >/etc/audit/audisp-filter.conf
audisp-filter --check /etc/audit/audisp-filter.conf || fail "the filter's file is refused"
cat >/etc/audit/plugins.d/filter.conf <<-X
	active = yes
	path = /sbin/audisp-filter
	args = blocklist /etc/audit/audisp-filter.conf /plugins/keep
	format = binary
X
active /usr/src/auditbox/init/plugins.d/au-statsd.conf /etc/audit/plugins.d/au-statsd.conf
sed -i 's,/usr/sbin,/sbin,' /etc/audit/plugins.d/au-statsd.conf
printf 'address = 127.0.0.1\nport = 8125\ninterval = 2\n' >/etc/audit/audisp-statsd.conf
oracle /usr/bin/socat -u UDP-RECV:8125 - >/tmp/counts &
until_true 30 grep -qi ' 00000000:1FBD ' /proc/net/udp || fail "nobody takes the counts"

configure log_format=ENRICHED report_interval=1
start_auditd
told 'audit dispatcher initialized with q_depth=2000 and 5 active plugins'
# That it listens is told as well, but while the first events fill the system log's socket a message may be dropped.
until_true 30 test -S /run/audispd_events || fail "no socket at Debian's place"
[ "$(stat -c %a /run/audispd_events)" = 640 ] || fail "mode of the socket"
oracle /usr/bin/socat -u UNIX-CONNECT:/run/audispd_events - >/tmp/read &
told 'Client connected'
audit_calls
auditctl -b 8192 >/dev/null
calls 300
logged=300
until_true 30 prints $logged calls_in $log || fail "the log has $(calls_in $log) calls"
same_calls() { [ "$(calls_in "$1")" = "$(calls_in $log)" ]; }
for end in /tmp/read /tmp/local3 /tmp/kept; do
	until_true 30 same_calls $end || fail "$end has $(calls_in $end) calls, the log $(calls_in $log)"
done
from_syslog() { [ "$(grep -c 'audisp-syslog.* syscall=95 .*key="call"' /tmp/messages)" = "$logged" ]; }
until_true 30 from_syslog || fail "the system log has $(grep -c 'audisp-syslog.* syscall=95 ' /tmp/messages) calls"
# whole events with the names that were looked up, as the log has them
grep 'syscall=95 .*key="call"' $log >/tmp/log.lines
grep 'syscall=95 .*key="call"' /tmp/kept | cmp - /tmp/log.lines || fail "what the filter hands on is not what the log has"
[ "$(grep -c type=EOE /tmp/kept)" -ge "$logged" ] || fail "the ends of events: $(grep -c type=EOE /tmp/kept)"
counted() { awk -F '[:|]' -v logged="$logged" '/^events.total_count/ { n += $2 } END { exit n < logged }' /tmp/counts; }
until_true 30 counted || fail "counts: $(cat /tmp/counts)"
until_true 30 grep -q '^auditd.free_space:[1-9][0-9]*.g$' /tmp/counts || fail "free space: $(cat /tmp/counts)"

# no plugin has a capability left but the one that asks the kernel
for plugin in af_unix syslog filter statsd; do
	pid=$(ps -o pid,args | awk -v name="/sbin/audisp-$plugin" '$2 == name && !/LOCAL3/ { print $1; exit }')
	has=$(sed -n 's/^CapEff:\t0*//p' "/proc/$pid/status")
	case $plugin:$has in *:0 | *: | statsd:40000000) ;; *) fail "audisp-$plugin has $has" ;; esac
	awk -v name=$plugin '/^VmHWM|^RssAnon/ { print "audisp-" name, $0 }' "/proc/$pid/status"
done

# a client that stalls, one that leaves in the middle of a record, and the state report; another is let in only when the plugin has
# seen the last one leave
pid=$(ps -o pid,args | awk '$2 == "/sbin/audisp-af_unix" { print $1 }')
is_alone() { kill -USR1 "$pid" && grep -qs '^client_connected = no$' /run/audit/af_unix.state; }
kill "$(ps -o pid,args | awk '/UNIX-CONNECT/ && /socat/ && !/awk/ { print $1; exit }')"
until_true 30 is_alone || fail "the client that was ended is still there: $(cat /run/audit/af_unix.state)"
oracle /usr/bin/socat -u UNIX-CONNECT:/run/audispd_events - | sleep 1000 &
told 'Client connected' 2
calls 1200
is_full() { calls 600; kill -USR1 "$pid" && grep -qs '^events_dropped = [1-9]' /run/audit/af_unix.state; }
until_true 30 is_full || fail "state: $(cat /run/audit/af_unix.state)"
expect '^client_connected = yes$' /run/audit/af_unix.state
expect '^queue_length = 512$' /run/audit/af_unix.state
for stalled in $(ps -o pid,args | awk '/UNIX-CONNECT|sleep 1000/ && !/awk/ { print $1 }'); do kill "$stalled"; done
until_true 30 is_alone || fail "the client that stalled is still there: $(cat /run/audit/af_unix.state)"
oracle /usr/bin/socat -u UNIX-CONNECT:/run/audispd_events - >/tmp/next &
held() { [ "$(wc -l </tmp/next)" -ge 512 ]; }
until_true 30 held || fail "the next client has $(wc -l </tmp/next) lines"
refuse '^[^t]|^t[^y]' /tmp/next # every line begins with type=
# SIGTERM of a stranger ends no plugin
kill -TERM "$pid"
sleep 1
[ -d "/proc/$pid" ] || fail "a stranger has ended the plugin"
calls 3
stop_auditd
until_true 30 grep -q 'type=DAEMON_END' /tmp/next || fail "the last record did not reach the client"
[ ! -e /run/audispd_events ] || fail "the socket is left behind"
until_true 30 prints '' pidof audisp-syslog || fail "plugins outlive the daemon: $(ps)"
