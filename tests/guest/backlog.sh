#!/bin/sh
# An hour of a busy machine, 100,000 records, waits in the queue's file of audisp-remote while the collector is down: with little memory, and
# what comes beyond its depth is counted. It goes out after SIGUSR2, and while it does the sender and the collector are killed: each record
# arrives, once but for those that the collector's kills leave open, and in order.
# guest: -m 3072 -t 1200
. /steps
ip link set lo up
network 1
start_syslog
mkdir -p /var/spool/audit
mount -t tmpfs -o size=1400m,mode=700 tmpfs /var/spool/audit || fail "no room for the queue"
count=100000
cat >/etc/audit/audisp-remote.conf <<-X
	remote_server = 10.0.1.1
	port = 60
	mode = forward
	queue_file = /var/spool/audit/remote.log
	queue_depth = $count
	overflow_action = suspend
X
chmod 640 /etc/audit/audisp-remote.conf
mkdir -p /run/audit
configure name_format=user name=collector tcp_listen_port=60 use_libwrap=no
mkfifo /tmp/records
sleep 1000000 >/tmp/records & # it ends when this does
sends() {
	inside 1 audisp-remote </tmp/records 2>>/tmp/said &
	until_true 30 pidof audisp-remote >/dev/null || fail "no audisp-remote: $(cat /tmp/said)"
	sender=$(pidof audisp-remote)
}
# of_sender KEY VALUE: waits until the state report of SIGUSR1 says so
of_sender() {
	until_true 60 says_of_itself "$1" "$2" || fail "not $1 = $2: $(cat /run/audit/remote.state /tmp/said)"
}
# one that has just started would end by the signal
takes_usr1() { grep -Eq '^Sig(Blk|Cgt):.*[2367abef]..$' "/proc/$sender/status"; }
says_of_itself() {
	kill -0 "$sender" || fail "audisp-remote has ended: $(cat /tmp/said)"
	takes_usr1 && kill -USR1 "$sender" || return 1
	grep -qx "$1 = $2" /run/audit/remote.state 2>/dev/null
}
# arrived N: waits until at least so many lines are in the log
arrived() {
	tries=6000
	until [ "$(wc -l <$log)" -ge "$1" ]; do
		[ $tries -gt 0 ] || fail "$(wc -l <$log) of $1 lines: $(cat /tmp/said /tmp/messages)"
		tries=$((tries - 1))
		usleep 20000
	done
}
# killed: the sender is, and none that is still dying is taken for the next one
killed() {
	kill -KILL "$sender"
	until_true 30 auditd_gone "$sender" || fail "audisp-remote outlives SIGKILL"
}
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$sender/status"; }

# A signal while it makes its queue, which takes a moment, does not end it
sends
until ls -l "/proc/$sender/fd" | grep -q remote.log; do usleep 1000; done
kill -HUP "$sender"
of_sender queue_length 0

# It waits, and what is too much is dropped and suspends it
sent_records 1 $((count / 10)) >/tmp/records
of_sender queue_length $((count / 10))
least=$(peak)
sent_records $((count / 10 + 1)) $((count + 25)) >/tmp/records
of_sender records_dropped 25
of_sender queue_length $count
of_sender suspend yes
most=$(peak)
echo "audisp-remote: $least kB with $((count / 10)) records, $most kB with $count"
[ "$most" -lt $((least + 256)) ] || fail "$most kB with $count records, $least kB with $((count / 10))"

# Nothing goes out before SIGUSR2
start_auditd
sleep 3
refuse '^node=sender ' $log
kill -USR2 "$sender"
arrived $((count / 5))
killed
sends
for part in 2 3; do
	arrived $((count * part / 5))
	collector=$(auditd_pid)
	kill -KILL "$collector"
	until_true 30 auditd_gone "$collector" || fail "auditd outlives SIGKILL"
	rm -f /run/auditd.pid /run/audit/auditd.pid
	start_auditd
done
arrived $((count * 4 / 5))
killed
sends
of_sender queue_length 0
of_sender suspend no
sent_records $((count + 26)) $((count + 30)) >/tmp/records
logged "^node=sender .*:$((count + 30))\\)"
{
	sent_records 1 $count
	sent_records $((count + 26)) $((count + 30))
} >/tmp/expected
grep '^node=sender ' $log | awk '!seen[$0]++' | cmp - /tmp/expected || fail "not all of them, or not in order"
twice=$(($(count '^node=sender ') - count - 5))
echo "twice in the log: $twice"
[ $twice -le 64 ] || fail "$twice records came twice: more than were on their way at two kills of the collector"
kill "$sender"
stop_auditd
