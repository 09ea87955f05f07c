#!/bin/sh
# Our ends and those of the audit package that REFERENCE names (tests/guest/reference), with the same configuration and the senders in
# a network of their own: ten senders at once, plain and under TLS; heartbeats and a restart; a wrong key, and a name that the collector
# does not know. How many records a second one connection carries is printed, and not judged. With a binary without TLS what is plain is
# all that is looked at. With REFERENCE in the environment:
#   cargo build --release --features tls; tests/guest/all target/HOST/release/auditbox remote-reference
# guest: reference -i -t 1200
. /steps
ip link set lo up
start_syslog
oracle /sbin/auditd -h >/dev/null 2>&1 # mounts what its programs see
mount --bind /etc/audit /oracle/etc/audit
mount --bind /run /oracle/run
mkdir -p -m 700 /etc/audit/tls /etc/audit/plugins.d /var/spool/audit
mkdir -p /run/audit
rm -f /etc/audit/plugins.d/*

# The two makers of a program: MAKER PROGRAM, or MAKER_apart for their senders
ours() { "$@"; }
theirs() { oracle "/sbin/$1"; }
network 1
ours_apart() { inside 1 audisp-remote; }
theirs_apart() { inside 1 chroot /oracle /sbin/audisp-remote; }

for name in web-0 web-1 web-2 web-3 web-4 web-5 web-6 web-7 web-8 web-9 stranger; do
	head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >/etc/audit/tls/$name
	chmod 400 /etc/audit/tls/$name
	[ $name = stranger ] || echo "$name enabled key=/etc/audit/tls/$name"
done >/etc/audit/tls/clients
chmod 640 /etc/audit/tls/clients

# collect MAKER TRANSPORT: a collector with an empty log;  no_more: its end
collect() {
	rm -f $log*
	configure tcp_listen_port=60 tcp_max_per_addr=16 tcp_listen_queue=16 tcp_client_max_idle=4 use_libwrap=no "transport=$2" \
		tls_allowed_clients=/etc/audit/tls/clients
	[ "$2" = tls ] || sed -i /^tls_/d $conf
	chmod 640 $conf
	"$1" auditd || fail "the auditd of $1 ends with $?"
	until_true 30 they_listen || fail "the auditd of $1 does not listen: $(cat /tmp/messages)"
}
they_listen() { netstat -ltn | grep -q ':60 '; }
holders=''
no_more() {
	# shellcheck disable=SC2086 # several
	kill $holders 2>/dev/null # one that its sender has left is gone
	holders=''
	stop_auditd
	rm -f /run/auditd.pid /run/audit/auditd.pid
}

# sends MAKER TRANSPORT NAME KEY: a sender of that name, started, that sends what is written to /tmp/NAME
sends() {
	printf 'remote_server = 10.0.1.1\nport = 60\ntransport = %s\nqueue_depth = 20000\nmax_time_per_record = 60\nheartbeat_timeout = 1\n' "$2" \
		>/etc/audit/audisp-remote.conf
	[ "$2" != tls ] || printf 'tls_psk_file = /etc/audit/tls/%s\ntls_psk_identity = %s\n' "$4" "$3" >>/etc/audit/audisp-remote.conf
	chmod 640 /etc/audit/audisp-remote.conf
	: >/tmp/messages
	rm -f "/tmp/$3"
	mkfifo "/tmp/$3"
	"$1_apart" <"/tmp/$3" >"/tmp/$3.said" 2>&1 &
	sleep 100 >"/tmp/$3" & # opens it, since the sender would wait for that
	holders="$holders $!"
	told 'Audisp-remote started with queue_size: 0'
}
numbers() {
	awk -v node="$1" -v count="$2" 'BEGIN { for (n = 1; n <= count; n++)
		printf "node=%s type=USER_AUTH msg=audit(1700000000.%03d:%d): pid=7 uid=0 auid=1000 ses=3 msg='\''op=login id=1000 exe=\"/usr/sbin/sshd\" hostname=? addr=? terminal=? res=success'\''\n",
			node, n % 1000, n }'
}
# arrived NAME COUNT: all of them, once, and in order
arrived() {
	until_true 90 prints "$2" count "^node=$1 " || fail "$(count "^node=$1 ") of $2 of $1 have arrived: $(cat "/tmp/$1.said" /tmp/messages)"
	numbers "$1" "$2" >/tmp/expected
	grep "^node=$1 " $log | cmp - /tmp/expected || fail "of $1 not what was sent"
}

# connects SENDER TRANSPORT NAME: it does with its first record
connects() {
	sends "$1" "$2" "$3" "$3"
	numbers "$3" 1 >"/tmp/$3"
	arrived "$3" 1
}

# ten SENDER COLLECTOR TRANSPORT: ten senders at once
ten() {
	collect "$2" "$3"
	for number in 0 1 2 3 4 5 6 7 8 9; do connects "$1" "$3" web-$number; done
	for number in 0 1 2 3 4 5 6 7 8 9; do numbers web-$number 200 | tail -n +2 >/tmp/web-$number & done
	for number in 0 1 2 3 4 5 6 7 8 9; do arrived web-$number 200; done
	[ "$(count 'type=USER_AUTH')" = 2000 ] || fail "$(count 'type=USER_AUTH') records instead of 2000"
	[ "$3" = tcp ] || [ "$(count 'op=tls-accept res=success .* id=web-')" = 10 ] || fail "not ten under TLS: $(grep DAEMON_ACCEPT $log)"
	no_more
	echo "ten senders of $1, the collector of $2, $3: 2000 records, each once, in order, under its name"
}

# lasts SENDER COLLECTOR TRANSPORT: heartbeats keep a connection, and after a restart of the collector records arrive again
lasts() {
	collect "$2" "$3"
	connects "$1" "$3" web-0
	sleep 9
	numbers web-0 50 | tail -n +2 >/tmp/web-0
	arrived web-0 50
	[ "$(count 'type=DAEMON_ACCEPT .*addr=')" = 1 ] || fail "not one connection: $(grep DAEMON_ACCEPT $log)"
	stop_auditd
	rm -f /run/auditd.pid /run/audit/auditd.pid
	"$2" auditd || fail "the auditd of $2 ends with $?"
	until_true 30 they_listen || fail "the auditd of $2 does not listen: $(cat /tmp/messages)"
	for number in 51 52 53 54 55 56 57 58 59 60; do
		numbers web-0 $number | tail -n 1 >/tmp/web-0
		sleep 1
	done
	arrived web-0 60
	no_more
	echo "a sender of $1, the collector of $2, $3: heartbeats keep the connection, and a restart loses nothing"
}

# speed SENDER COLLECTOR TRANSPORT
speed() {
	collect "$2" "$3"
	connects "$1" "$3" web-0
	numbers web-0 10000 | tail -n +2 >/tmp/records
	from=$(hundredths)
	cat /tmp/records >/tmp/web-0
	until tail -n 1 $log | grep -q ':10000)'; do usleep 10000; done
	to=$(hundredths)
	arrived web-0 10000
	no_more
	echo "a sender of $1, the collector of $2, $3: $((10000 * 100 / (to - from))) records a second"
}
hundredths() { sed 's/\.\([0-9]*\) .*/\1/' /proc/uptime; }

# refused SENDER COLLECTOR NAME KEY REASON: nothing gets through. Our collector says why; the audit package's dies of it where
# OpenSSL is older than 3.5.
refused() {
	collect "$2" tls
	sends "$1" tls "$3" "$4"
	numbers "$3" 3 >"/tmp/$3" &
	case $2 in
	ours) logged "op=tls-accept res=no .*reason=$5" ;;
	theirs) told 'TLS handshake from .* failed' ;;
	esac
	[ "$1" = theirs ] || told 'Error connecting to 10.0.1.1: the other end has sent the TLS alert'
	sleep 2
	refuse "^node=$3 " $log
	if auditd_runs; then after='goes on'; else after='has died'; fi
	[ "$2 $after" != 'ours has died' ] || fail "our auditd has died"
	no_more
	echo "a sender of $1 as $3 with the key of $4: refused; the collector of $2 $after"
}

transports='tcp tls'
configure transport=tls
if auditd --check-config 2>&1 | grep -q 'this auditd does not have'; then transports=tcp; fi
for transport in $transports; do
	ten theirs ours $transport
	ten ours theirs $transport
	lasts theirs ours $transport
	lasts ours theirs $transport
	for sender in ours theirs; do
		for collector in ours theirs; do speed $sender $collector $transport; done
	done
done
[ "$transports" = 'tcp tls' ] || exit 0
for ends in 'theirs ours' 'ours theirs' 'theirs theirs'; do
	# shellcheck disable=SC2086 # two words
	set -- $ends
	refused "$1" "$2" web-1 web-2 handshake-error
	refused "$1" "$2" stranger stranger unknown-identity
done
