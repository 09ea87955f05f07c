#!/bin/sh
# The listener: ten of Debian's audisp-remote and one of ours at once, each in a network of its own; hostile peers of each kind, a flood beside events of our
# own, a hundred peers, reload and stop.
# guest: oracle -t 1200
. /steps
oracle true # mounts what its programs see
ip link set lo up
start_syslog

# le NUMBER BYTES: little-endian
le() {
	number=$1 bytes=$2
	while [ "$bytes" -gt 0 ]; do
		printf "\\$(printf %03o $((number & 255)))"
		number=$((number >> 8)) bytes=$((bytes - 1))
	done
}
# header TYPE LENGTH SEQUENCE, and message TYPE SEQUENCE BODY
header() { printf '\376\0\0\377\0\0' && le "$1" 4 && le "$2" 2 && le "$3" 4; }
message() { header "$1" "${#3}" "$2" && printf %s "$3"; }
# says FILE: a peer that sends the file, and reads answers until the daemon closes; its pid is $peer
says() {
	(cat "$1"; sleep 60) | nc 127.0.0.1 60 >/tmp/answer &
	peer=$!
}
ended() { kill "$1" 2>/dev/null; }

configure name_format=user name=collector tcp_listen_port=60 tcp_max_per_addr=150 tcp_listen_queue=100 use_libwrap=no
start_auditd
told 'Listening on TCP port 60'
state listening_for_network_connections true

# Eleven senders at once, the last one is ours, each 30 records: every one arrives, and is found by its node
cat >/oracle/etc/audit/audisp-remote.conf <<-X
	remote_server = 10.0.1.1
	port = 60
	transport = tcp
	mode = immediate
	format = managed
	network_failure_action = syslog
X
chmod 640 /oracle/etc/audit/audisp-remote.conf
cp /oracle/etc/audit/audisp-remote.conf /etc/audit/
senders="1 2 3 4 5 6 7 8 9 10 11"
for sender in $senders; do network $sender; done
for sender in $senders; do
	awk -v n=$sender 'BEGIN {
		for (i = 1; i <= 30; i++) printf "node=s%d type=USER msg=audit(1700000%03d.000:%d): pid=1 uid=0 msg=test\n", n, i, i
	}' >/tmp/sent.$sender
	case $sender in
	11) cat /tmp/sent.$sender | inside $sender audisp-remote 2>/tmp/said.$sender & ;;
	*) cat /tmp/sent.$sender | inside $sender timeout 120 chroot /oracle /sbin/audisp-remote 2>/tmp/said.$sender & ;;
	esac
	pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
for sender in $senders; do
	has_sent() { grep "^node=s$sender " $log | cmp -s - /tmp/sent.$sender; }
	until_true 30 has_sent || fail "sender $sender: $(count "^node=s$sender ") lines; $(cat /tmp/said.$sender)"
	found=$(ausearch --node s$sender --raw | wc -l)
	[ "$found" = 30 ] || fail "ausearch finds $found of sender $sender"
done
until_true 30 prints 11 count '^node=collector type=DAEMON_CLOSE .*: addr=10.0.[0-9]*.2 port=[0-9]* res=success$' || fail "closed: $(grep DAEMON_CLOSE $log)"
addresses() { grep -o 'type=DAEMON_ACCEPT .*: addr=10.0.[0-9]*.2 port=[0-9]* res=success$' $log | grep -o 'addr=[0-9.]*' | sort -u | wc -l; }
[ "$(addresses)" = 11 ] || fail "accepted: $(grep DAEMON_ACCEPT $log)"

# An answer repeats type and sequence
message 0 7 'node=far type=USER msg=audit(1700000000.000:1): a' >/tmp/peer
message 1 8 '' >>/tmp/peer
says /tmp/peer
{ header $((0x40000000)) 0 7 && header $((0x40000000)) 0 8; } >/tmp/expected
answered() { cmp -s /tmp/answer /tmp/expected; }
until_true 30 answered || fail "answers: $(od -tx1 /tmp/answer)"
ended $peer

# What claims to be of this machine, or of none, is of the peer's address; control bytes begin no line
{
	message 0 1 'type=LOGIN msg=audit(1700000000.000:901): a'
	message 0 2 'node=collector type=LOGIN msg=audit(1700000000.000:902): a'
	printf 'node=x type=A msg=audit(1700000000.000:903): a\nnode=collector type=LOGIN msg=audit(1700000000.000:904): a\r\033[2J' >/tmp/body
	header 0 "$(wc -c </tmp/body)" 3 && cat /tmp/body
} >/tmp/peer
says /tmp/peer
logged '^node=127.0.0.1 type=LOGIN msg=audit\(1700000000.000:901\): a$'
logged '^node=127.0.0.1 type=LOGIN msg=audit\(1700000000.000:902\): a$'
logged '^node=x type=A msg=audit\(1700000000.000:903\): a node=collector type=LOGIN msg=audit\(1700000000.000:904\): a  \[2J$'
refuse '^(node=collector )?type=LOGIN' $log
ended $peer

# Each is sent away, with a record that says why
away() { # CAUSE FILE
	says "$2"
	logged "^node=collector type=DAEMON_ERR .*op=remote-client cause=$1 addr=127.0.0.1 port=[0-9]* res=failed$"
	ended $peer
}
echo 'type=LOGIN msg=audit(1700000000.000:905): an unframed line' >/tmp/peer && away not-managed /tmp/peer
refuse ':905' $log
message 2 9 'unknown' >/tmp/peer && away unknown-type /tmp/peer
header 0 9000 9 >/tmp/peer && away too-long /tmp/peer
printf '\376\0\0\377' >/tmp/peer && away no-message /tmp/peer
(for byte in 376 0 0 377 0 0 0 0 0 0; do printf "\\$byte"; sleep 1; done; sleep 60) | nc 127.0.0.1 60 >/dev/null &
peer=$!
gone_slowly() { [ "$(count cause=no-message)" = 2 ]; }
until_true 30 gone_slowly || fail "a byte a second: $(grep DAEMON_ERR $log)"
ended $peer

# A peer that never takes an answer, one that floods, and events of our own meanwhile: none is lost
double() { for times in $(seq "$2"); do cat "$1" "$1" >/tmp/twice && mv /tmp/twice "$1"; done; }
message 1 1 '' >/tmp/heartbeats
double /tmp/heartbeats 15
(cat /tmp/heartbeats; sleep 100) | chroot /oracle /usr/bin/socat -u - TCP:127.0.0.1:60 &
stubborn=$!
(while cat /tmp/heartbeats; do :; done) 2>/dev/null | nc 127.0.0.1 60 >/dev/null &
flood=$!
message 0 1 "node=flood type=USER msg=audit(1700000001.000:1): $(printf %0200d 0)" >/tmp/records
double /tmp/records 12
says /tmp/records
until_true 30 grep -q '^node=flood ' $log || fail "no flood"
audit_calls
auditctl -b 8192 >/dev/null
calls 150
until_true 30 prints 150 count '^node=collector type=SYSCALL .*key="call"' || fail "of 150 calls $(count 'key="call"') are in the log"
[ -d "/proc/$flood" ] || fail "the flood has ended"
refuse op=lost-events $log
auditctl -D >/dev/null
ended $flood
ended $stubborn
until_true 30 prints 4096 count '^node=flood ' || fail "of 4096 records in one go $(count '^node=flood ') are in the log"
ended $peer

# A hundred peers, each of which has sent a long record
grow() { awk '/^RssAnon/ { print $2 }' "/proc/$(auditd_pid)/status"; }
until_true 30 reports total_connections 0 || fail "peers are left: $(grep connections /tmp/state)"
before=$(grow)
message 0 2 "node=far type=USER msg=audit(1700000002.000:1): $(printf %08000d 0)" >/tmp/peer
for peer in $(seq 100); do
	(cat /tmp/peer; exec sleep 300) | nc 127.0.0.1 60 >/dev/null &
done
until_true 60 reports total_connections 100 || fail "peers: $(grep connections /tmp/state)"
after=$(grow)
echo "anonymous memory: $before KiB, with 100 peers $after KiB"
[ $((after - before)) -lt 2048 ] || fail "100 peers cost $((after - before)) KiB"

# No more than is allowed from one address; a reload that moves the port keeps who is there; the end is said
configure name_format=user name=collector tcp_listen_port=6000 tcp_max_per_addr=100 use_libwrap=no tcp_client_ports=1-1023
auditctl --signal reload || fail "the reload failed"
told 'Listening on TCP port 6000'
nc 127.0.0.1 6000 </dev/null >/dev/null
logged 'type=DAEMON_ACCEPT .*: op=port addr=127.0.0.1 port=[0-9]* res=no$'
state total_connections 100
nc 127.0.0.1 60 </dev/null && fail "the old port is open"
message 1 1 '' >/tmp/peer
configure name_format=user name=collector tcp_listen_port=60 tcp_max_per_addr=200 use_libwrap=no
auditctl --signal reload || fail "the second reload failed"
says /tmp/peer
{ header $((0x40000000)) 0 1 && header $((0x40000001)) 0 0; } >/tmp/expected
heard() { [ "$(wc -c </tmp/answer)" = 16 ]; }
until_true 30 heard || fail "no answer"
stop_auditd
until_true 30 answered || fail "the end: $(od -tx1 /tmp/answer)"
tail -n 1 $log | grep -q 'type=DAEMON_END' || fail "the last record: $(tail -n 1 $log)"

# Peers leave descriptors to the daemon, which rotates and reloads all the same
configure tcp_listen_port=60 tcp_max_per_addr=1024 use_libwrap=no max_log_file_action=ROTATE
(ulimit -n 64 && start_auditd) || exit 1
for peer in $(seq 60); do
	(cat /tmp/peer; exec sleep 300) | nc 127.0.0.1 60 >/dev/null &
done
until_true 30 reports connections_refused 28 || fail "of 60 peers $(grep connections /tmp/state)"
logged 'type=DAEMON_ACCEPT .*: op=alloc addr=127.0.0.1 .*res=no$'
state total_connections 32
auditctl --signal rotate
until_true 30 test -e $log.1 || fail "no descriptor for a rotation"
auditctl --signal reload || fail "no descriptor for a reload"
stop_auditd

# What asks for more than there is, is refused by name; a port that is taken ends the start
echo 'ALL: ALL' >/etc/hosts.deny
configure tcp_listen_port=60
auditd --check-config 2>/tmp/said && fail "TCP wrappers were taken"
expect 'use_libwrap = yes asks for the rules in /etc/hosts.deny' /tmp/said
rm /etc/hosts.deny
nc -l -p 60 &
configure tcp_listen_port=60
is_taken() { netstat -ltn | grep -q ':60 '; }
until_true 30 is_taken || fail "nc does not listen"
auditd 2>/tmp/said && fail "a port that is taken was taken"
expect 'Cannot listen on TCP port 60 .Address already in use' /tmp/said
logged 'type=DAEMON_ABORT .*op=network-init .*res=failed'
