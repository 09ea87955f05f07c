#!/bin/sh
# Our audisp-remote and Debian's auditd that listens in a network of its own: what arrives is what was sent, over restarts and kills of
# either side and cuts of the link. Then queue files that the one leaves and the other sends, and events of this kernel through our daemon.
# guest: oracle -t 900
. /steps
ip link set lo up
network 1
start_syslog
oracle true # mounts what its programs see
umount /oracle/var/log/audit
mount -t tmpfs -o mode=700 tmpfs /oracle/var/log/audit
mkdir -p /oracle/etc/audit/plugins.d /oracle/run/audit /run/audit /etc/audit/plugins.d /var/spool/audit /oracle/var/spool/audit
rm -f /oracle/etc/audit/plugins.d/* /etc/audit/plugins.d/*
their_log=/oracle/var/log/audit/audit.log
cat >/oracle/etc/audit/auditd.conf <<-X
	local_events = no
	log_file = /var/log/audit/audit.log
	log_format = RAW
	max_log_file = 100
	space_left = 2
	admin_space_left = 1
	tcp_listen_port = 60
	tcp_max_per_addr = 8
	use_libwrap = no
X

# their_pid, start_theirs, stop_theirs SIGNAL: Debian's auditd
their_pid() { cat /oracle/run/auditd.pid 2>/dev/null; }
they_listen() { inside 1 netstat -ltn | grep -q ':60 '; }
start_theirs() {
	inside 1 chroot /oracle /sbin/auditd 7>&- || fail "Debian's auditd ends with $?"
	until_true 30 they_listen || fail "Debian's auditd does not listen"
}
stop_theirs() {
	pid=$(their_pid)
	kill "-$1" "$pid"
	until_true 30 auditd_gone "$pid" || fail "Debian's auditd does not end"
	rm -f /oracle/run/auditd.pid
}

# remote_conf LINES: the configuration of our plugin
remote_conf() {
	printf 'remote_server = 10.0.1.2\nmode = forward\nqueue_file = /var/spool/audit/remote.log\nqueue_depth = 4000\n' >/etc/audit/audisp-remote.conf
	printf "$1" >>/etc/audit/audisp-remote.conf
	chmod 640 /etc/audit/audisp-remote.conf
}

# numbers FROM TO: records; at the collector: how many different ones, and all
numbers() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (n = from; n <= to; n++)
		printf "type=USER_AUTH msg=audit(1700000000.000:%d): pid=7 uid=0 number=%d res=success\n", n, n }'
}
arrived() { grep -o 'number=[0-9]*' $their_log | sort -u | wc -l; }
all_arrived() { [ "$(arrived)" = "$1" ]; }
in_order() { grep -o 'number=[0-9]*' $their_log | cut -d= -f2 | awk '!seen[$1]++ { if ($1 < last) exit 1; last = $1 }'; }

# state_of PLUGIN KEY: of our plugin;  states PLUGIN KEY VALUE: waits until it says so: an answer comes after what it answers has arrived
state_of() {
	kill -USR1 "$1"
	usleep 300000
	sed -n "s/^$2 = //p" /run/audit/remote.state
}
states() { until_true 30 prints "$3" state_of "$1" "$2" || fail "not $2 = $3: $(cat /run/audit/remote.state)"; }

# counts: a clean run
start_theirs
remote_conf ''
mkfifo /tmp/records
exec 7<>/tmp/records # it ends when this is closed
audisp-remote </tmp/records 7>&- 2>/tmp/said &
plugin=$!
numbers 1 2000 >&7
until_true 60 all_arrived 2000 || fail "$(arrived) of 2000 have arrived: $(cat /tmp/said)"
in_order || fail "not in their order"
[ "$(grep -c number= $their_log)" = 2000 ] || fail "a record came twice"
states $plugin records_delivered 2000
states $plugin transport_ok yes

# a collector that is restarted, that is killed, and that stands still
numbers 2001 2500 >&7
stop_theirs TERM
numbers 2501 3000 >&7
start_theirs
until_true 60 all_arrived 3000 || fail "$(arrived) of 3000 after a restart: $(cat /tmp/said)"
numbers 3001 3500 >&7
stop_theirs KILL
numbers 3501 4000 >&7
sleep 2
start_theirs
until_true 90 all_arrived 4000 || fail "$(arrived) of 4000 after a kill: $(cat /tmp/said)"
kill -STOP "$(their_pid)"
numbers 4001 4300 >&7
sleep 8
kill -CONT "$(their_pid)"
until_true 90 all_arrived 4300 || fail "$(arrived) of 4300 after a pause: $(cat /tmp/said)"

# the link is cut while records flow: first its far end, so that nobody answers, then its near end, so that there is no way
numbers 4301 4800 >&7 &
writer=$!
usleep 50000
inside 1 ip link set veth0 down
wait $writer
numbers 4801 4900 >&7
sleep 8
[ "$(arrived)" -lt 4801 ] || fail "the link was not cut"
inside 1 ip link set veth0 up
until_true 90 all_arrived 4900 || fail "$(arrived) of 4900 after a cut at the far end: $(cat /tmp/said)"
numbers 4901 5400 >&7 &
writer=$!
usleep 50000
ip link set to1 down
wait $writer
numbers 5401 5500 >&7
sleep 8
[ "$(arrived)" -lt 5401 ] || fail "the link was not cut"
ip link set to1 up
until_true 90 all_arrived 5500 || fail "$(arrived) of 5500 after a cut at the near end: $(cat /tmp/said)"
in_order || fail "not in their order"
states $plugin records_delivered 5500
twice=$(($(grep -c number= $their_log) - 5500))
[ "$twice" -le "$(state_of $plugin records_repeated)" ] || fail "$twice came twice: $(cat /run/audit/remote.state)"
echo "twice at the collector: $twice; sent again: $(state_of $plugin records_repeated)"

# the plugin is killed again and again
for round in 1 2 3 4 5 6; do
	numbers $((5401 + 100 * round)) $((5500 + 100 * round)) >&7
	usleep $((50000 * round))
	kill -KILL $plugin
	wait $plugin 2>/dev/null # which has the queue's file until then
	audisp-remote </tmp/records 7>&- 2>>/tmp/said &
	plugin=$!
	usleep 200000
done
exec 7>&-
wait $plugin || fail "records are left: $?"
# A kill between two system calls loses what one read brought: in six tries that is once, if ever, on a slow machine twice.
echo "of 600 records over six kills $((6100 - $(arrived))) were read from the pipe and not yet in the queue"
[ "$(arrived)" -ge 5900 ] || fail "$(arrived) of 6100 after kills of the plugin"
in_order || fail "not in their order"

# what Debian's audisp-remote has left is sent by ours, and the other way
stop_theirs TERM
rm -f $their_log /var/spool/audit/remote.log
sed 's,^queue_depth.*,queue_depth = 100,; s,^remote_server.*,remote_server = 10.0.1.2,; s,^mode.*,mode = forward,; s,^network_failure.*,network_failure_action = ignore,' \
	/oracle/etc/audit/audisp-remote.conf >/tmp/theirs.conf
cp /tmp/theirs.conf /oracle/etc/audit/audisp-remote.conf
numbers 1 50 | oracle /sbin/audisp-remote
[ -s /oracle/var/spool/audit/remote.log ] || fail "Debian's audisp-remote left no queue"
cp /oracle/var/spool/audit/remote.log /var/spool/audit/remote.log
start_theirs
remote_conf 'queue_depth = 100\n'
numbers 51 60 | audisp-remote || fail "our audisp-remote ends with $?"
until_true 30 all_arrived 60 || fail "$(arrived) of 60: Debian's queue"
in_order || fail "not in their order"
stop_theirs TERM
numbers 61 100 | audisp-remote && fail "nothing is left though nobody listens"
cp /var/spool/audit/remote.log /oracle/var/spool/audit/remote.log
start_theirs
# It connects with its next record, and sends while its input is open.
{ numbers 101 101; until_true 30 all_arrived 101; } | oracle /sbin/audisp-remote
until_true 30 all_arrived 101 || fail "$(arrived) of 101: our queue"
in_order || fail "not in their order"

# events of this kernel
rm -f /var/spool/audit/remote.log
remote_conf ''
sed 's/^active = no/active = yes/; s,/usr/sbin,/sbin,' /usr/src/auditbox/init/plugins.d/au-remote.conf >/etc/audit/plugins.d/au-remote.conf
chmod 640 /etc/audit/plugins.d/au-remote.conf
configure log_format=ENRICHED name_format=hostname q_depth=8000
start_auditd
told 'Audisp-remote started with queue_size: 0'
audit_calls
auditctl -b 8192 >/dev/null
calls 300
sleep 1
stop_theirs KILL
calls 300
sleep 1
start_theirs
calls 300
calls_in() { grep 'syscall=95 .*key="call"' "$1" | sort -u | wc -l; }
until_true 30 prints 900 calls_in $log || fail "the log has $(calls_in $log) of 900 calls"
same_calls() { [ "$(calls_in $their_log)" = "$(calls_in $log)" ]; }
until_true 90 same_calls || fail "the collector has $(calls_in $their_log) calls, the log $(calls_in $log)"
grep 'syscall=95 .*key="call"' $log | sort >/tmp/ours
grep 'syscall=95 .*key="call"' $their_log | sort -u | cmp - /tmp/ours || fail "the collector's lines are not those of the log"
expect "^node=$(hostname) type=SYSCALL .*AUID=" $their_log
refuse 'type=EOE' $their_log
pid=$(pidof audisp-remote)
[ "$(sed -n 's/^CapEff:\t0*//p' "/proc/$pid/status")" = '' ] || fail "it keeps $(grep Cap "/proc/$pid/status")"
awk '/^VmHWM|^RssAnon/ { print "audisp-remote", $0 }' "/proc/$pid/status"
stop_auditd
until_true 30 prints '' pidof audisp-remote || fail "the plugin outlives the daemon: $(ps)"
