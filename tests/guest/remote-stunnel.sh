#!/bin/sh
# The recipe of docs/remote.md for a build without TLS, word for word, with the real stunnel between our two ends, the sender in a network
# of its own: what is sent arrives once and in order, over an end of the tunnel; a sender with another key gets through to nobody.
# guest: stunnel -t 900
. /steps
ip link set lo up
network 1
start_syslog
echo '10.0.1.1 collector.example.org' >>/etc/hosts

# block N: the Nth text of the recipe that is set apart
block() {
	sed -n '/^### Without TLS: stunnel/,$p' /usr/src/auditbox/docs/remote.md | awk -v wanted="$1" '
		!/^    / { is_inside = 0; next }
		!is_inside { is_inside = 1; n++ }
		n == wanted { print substr($0, 5) }'
}
[ -n "$(block 4)" ] && [ -z "$(block 5)" ] || fail "the recipe has other than four parts"

# Both machines have an /etc/stunnel; the sender's is this one
mkdir -p /sender
block 1 >/tmp/keys
sh -e /tmp/keys || fail "the recipe's command for the keys"
cp -p /etc/stunnel/audit.psk /sender/
[ "$(stat -c %a /sender/audit.psk)" = 600 ] || fail "anybody can read the keys"
block 2 >/sender/audit.conf
block 3 >/etc/audit/audisp-remote.conf
block 4 >/etc/stunnel/audit.conf
echo 'mode = forward' >>/etc/audit/audisp-remote.conf
chmod 640 /etc/audit/audisp-remote.conf

# near_end, far_end: start stunnel on the collector and on the sender; none keeps the plugin's input open
near_end() {
	stunnel /etc/stunnel/audit.conf 7>&- || fail "stunnel: $(cat /tmp/messages)"
	until_true 30 hears ':6060 ' || fail "stunnel does not listen: $(cat /tmp/messages)"
}
far_end() {
	inside 1 unshare -m sh -c 'mount --bind /sender /etc/stunnel && stunnel /etc/stunnel/audit.conf' 7>&- || fail "stunnel: $(cat /tmp/messages)"
	until_true 30 hears_inside '127.0.0.1:60 ' || fail "the sender's stunnel does not listen: $(cat /tmp/messages)"
}
hears() { netstat -ltn | grep -q "$1"; }
hears_inside() { inside 1 netstat -ltn | grep -q "$1"; }
# of near|far: the stunnel of that end
of() {
	for pid in $(pidof stunnel); do
		if is_apart "$pid"; then end=far; else end=near; fi
		[ $end != "$1" ] || echo "$pid"
	done
}
kill_end() {
	# shellcheck disable=SC2046 # several
	kill $(of "$1")
	until_true 30 prints '' of "$1" || fail "stunnel does not end"
}

configure name_format=user name=collector tcp_listen_port=60 tcp_max_per_addr=10 use_libwrap=no
mkdir -p /run/audit /var/spool/audit
rm -f /etc/audit/plugins.d/*
start_auditd
near_end
far_end
mkfifo /tmp/fifo
exec 7<>/tmp/fifo # its input ends when this is closed
nsenter -t "$network_1" -n audisp-remote </tmp/fifo 7>&- 2>/tmp/said &
sender=$!
sent_records 1 1000 >&7
stored 1000
logged '^node=collector type=DAEMON_ACCEPT .*: addr=127.0.0.1 port=[0-9]* res=success$'

# The tunnel ends at the collector while records flow
sent_records 1001 1500 >&7 &
writer=$!
usleep 50000
kill_end near
wait $writer
sent_records 1501 1600 >&7
sleep 2
[ "$(count '^node=sender ')" -lt 1600 ] || fail "there is no tunnel, and all has arrived"
near_end
stored 1600

# With another key nothing gets through; with its own what has waited does
kill_end far
mv /sender/audit.psk /sender/right
echo "sender-01:$(openssl rand -hex 32)" >/sender/audit.psk
chmod 600 /sender/audit.psk
far_end
sent_records 1601 1700 >&7
told 'SSL_(connect|accept)'
sleep 3
[ "$(count '^node=sender ')" = 1600 ] || fail "a sender with another key is heard"
kill_end far
mv /sender/right /sender/audit.psk
far_end
stored 1700
exec 7>&-
wait $sender || fail "records are left: $?"
stop_auditd
