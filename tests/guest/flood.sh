#!/bin/sh
# Peers of the listener that do one thing very often (tests/guest/peers.rs), beside events of our own and three honest senders: events of
# our own cost what they cost without them and come into the log before all but some of what peers send meanwhile; nothing of our own
# and nothing of the honest is lost; no memory grows.
# guest: peers -i -t 3000
. /steps
ip link set lo up
for sender in 1 2 3 4; do network $sender; done
many=''
for number in $(seq 3 42); do
	inside 1 ip addr add "10.0.1.$number/24" dev veth0
	many="$many 10.0.1.$number"
done
start_syslog
auditctl -b 8192 >/dev/null
printf 'remote_server = 10.0.%s.1\nport = 60\nheartbeat_timeout = 1\n' 2 >/etc/audit/audisp-remote.conf
chmod 640 /etc/audit/audisp-remote.conf
configure name_format=user name=collector tcp_listen_port=60 tcp_max_per_addr=4 use_libwrap=no

# Microseconds that the daemon has had of the processor
cpu() { awk '{ print int($1 / 1000) }' "/proc/$(auditd_pid)/schedstat"; }
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$(auditd_pid)/status"; }
they_listen() { netstat -ltn | grep -q ':60 '; }
fresh() {
	rm -f $log*
	start_auditd
	until_true 30 they_listen || fail "it does not listen"
	sleep 1
}

# costs EVENTS [WHAT COUNT ADDRESS...]: what the daemon needs for so many events of our own and for that flood, each if there is one: $cost
costs() {
	fresh
	events=$1 begun=$(cpu) runs='' callers=''
	shift
	if [ $# -gt 0 ]; then
		what=$1 times=$2
		shift 2
		inside 1 peers "$what" 10.0.1.1:60 "$times" "$@" >/tmp/flood &
		runs=$!
	fi
	if [ "$events" -gt 0 ]; then
		calls "$events" & callers=$!
		calls "$events" & callers="$callers $!"
	fi
	for caller in $callers $runs; do wait "$caller"; done
	[ -z "$runs" ] || prints "$times" cat /tmp/flood || fail "of $times $what there were $(cat /tmp/flood)"
	logged_calls() { [ "$(count 'type=SYSCALL .*key="call"')" -ge $((2 * events)) ]; }
	until_true 30 logged_calls || fail "of $((2 * events)) events $(count 'key="call"') are in the log"
	refuse op=lost-events $log
	cost=$(($(cpu) - begun)) peak=$(peak)
	stop_auditd
}

# The processor's time that our events take, with each flood and without
audit_calls
costs 1500
alone=$cost usual=$peak
echo "3000 events: $alone us, $usual kB"
while read -r flood; do
	# shellcheck disable=SC2086 # several words
	costs 0 $flood
	of_flood=$cost
	# shellcheck disable=SC2086
	costs 1500 $flood
	ours=$((cost - of_flood))
	echo "${flood%% 10.*}: $of_flood us; the 3000 events beside it $ours us, $peak kB"
	[ $ours -lt $((alone * 13 / 10)) ] || fail "3000 events take $ours us with the flood, $alone us without"
	[ $peak -lt $((usual + 1024)) ] || fail "$peak kB with the flood, $usual kB without"
done <<-X
	heartbeats 100000 10.0.1.2
	records 20000 10.0.1.2
	connect 2000 10.0.1.2
	connect 200$many
	junk 200$many
	hold 200$many
	half 200$many
X

# How late our events come: in the log no more than two turns of the daemon (16 pieces of 16 KiB each, of records of 170 bytes) after
# what the log had when they happened
audit_numbers
fresh
inside 1 peers records 10.0.1.1:60 60000 10.0.1.2 >/tmp/flood &
flood=$!
sh -c 'echo 7777 >/proc/self/loginuid; exec peers marks "$1" 200 "$2"' marks $log $first >/tmp/marks
wait $flood
until_true 30 prints 200 count 'type=SYSCALL .*key="number"' || fail "of 200 events $(count 'type=SYSCALL .*key="number"') are in the log"
until_true 30 prints 60000 count '^node=flood ' || fail "of 60000 records $(count '^node=flood ') are in the log"
awk -v first=$first '
function number(hex, value, at) {
	for (at = 1; at <= length(hex); at++) value = 16 * value + index("0123456789abcdef", substr(hex, at, 1)) - 1
	return value
}
/^node=flood / { split($3, words, /[:)]/); now = words[2] + 0 }
/type=SYSCALL .*key="number"/ {
	match($0, / a0=[0-9a-f]*/)
	late = now - (number(substr($0, RSTART + 4, RLENGTH - 4)) - first)
	if (late > most) most = late
}
END { print most + 0 }' $log >/tmp/late
echo "an event of our own is in the log after at most $(cat /tmp/late) more records of a peer"
[ "$(cat /tmp/late)" -le 3200 ] || fail "an event of our own waits for $(cat /tmp/late) records of a peer"
stop_auditd

# Three honest senders: the first is connected before, the second comes while one address connects as fast as it can, the third while
# that one and forty others do, and all of them have a place soon
sends() { # SENDER
	mkfifo /tmp/to.$1
	inside $1 audisp-remote </tmp/to.$1 2>/tmp/said.$1 &
	sleep 1000 >/tmp/to.$1 &
}
of_sender() { # SENDER FROM TO
	awk -v n=$1 -v from=$2 -v to=$3 'BEGIN { for (i = from; i <= to; i++) printf "node=s%d type=USER msg=audit(1700000100.000:%d): pid=1 uid=0\n", n, i }'
}
# has_all SENDER COUNT: each record once, and in order
has_all() {
	until_true 60 prints $2 count "^node=s$1 " || fail "of $2 records of the sender $1 $(count "^node=s$1 ") have come: $(cat /tmp/said.$1)"
	of_sender $1 1 $2 >/tmp/expected
	grep "^node=s$1 " $log | cmp - /tmp/expected || fail "of the sender $1 not once and in order"
}
hundredths() { sed 's/\.\([0-9]*\) .*/\1/' /proc/uptime; }
floods=''
floods() { # WHAT COUNT ADDRESS...
	what=$1 times=$2
	shift 2
	inside 1 peers "$what" 10.0.1.1:60 "$times" "$@" >"/tmp/flood.$what.$#" &
	flood=$! floods="$floods $!"
}
# gets_through SENDER SECONDS: a new one has a record in the log within that time, while there is a flood
gets_through() {
	came=$(hundredths)
	sends $1
	of_sender $1 1 1 >/tmp/to.$1
	until_true $2 grep -q "^node=s$1 " $log || fail "after $2 s no record has come of who came meanwhile: $(cat /tmp/said.$1)"
	[ -d "/proc/$flood" ] || fail "the flood was over by then"
	echo "who came meanwhile had a record in the log after $(($(hundredths) - came)) hundredths of a second"
}
audit_calls
fresh
sends 2
of_sender 2 1 1 >/tmp/to.2
logged '^node=s2 '
floods connect 8000 10.0.1.2
gets_through 3 10
# shellcheck disable=SC2086 # several words
for what in connect junk hold half; do floods $what 300$many; done
gets_through 4 30
for part in 0 1 2 3 4; do
	for sender in 2 3 4; do of_sender $sender $((2 + 100 * part)) $((101 + 100 * part)) >/tmp/to.$sender; done
	calls 300
	sleep 2
done
for sender in 2 3 4; do has_all $sender 501; done
for flood in $floods; do wait "$flood"; done
[ "$(count 'type=SYSCALL .*key="call"')" -ge 1500 ] || fail "of 1500 events $(count 'key="call"') are in the log"
refuse op=lost-events $log
[ "$(peak)" -lt $((usual + 1024)) ] || fail "$(peak) kB with the floods, $usual kB without"
until_true 30 reports total_connections 3 || fail "not the three senders alone: $(grep connections /tmp/state)"
echo "connections: $(cat /tmp/flood.*); $(grep refused /tmp/state) $(peak) kB"
stop_auditd
