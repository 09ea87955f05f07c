#!/bin/sh
# Both ends ours, under TLS: what is sent arrives; a wrong key and an unknown name do not; who is taken off the list is closed; the records
# that both ends write. A binary without the cargo feature `tls` refuses it, which is all that is looked at then.
# guest: -t 900
. /steps
ip link set lo up
start_syslog
mkdir -p -m 700 /etc/audit/tls
key() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; echo; }
for name in web old; do
	key >/etc/audit/tls/$name
	chmod 400 /etc/audit/tls/$name
done
list() {
	printf 'web %s key=/etc/audit/tls/web\nold disabled key=/etc/audit/tls/old\n' "$1" >/etc/audit/tls/clients
	chmod 640 /etc/audit/tls/clients
}
list enabled
configure tcp_listen_port=60 use_libwrap=no transport=tls tls_allowed_clients=/etc/audit/tls/clients
rm -f /etc/audit/plugins.d/*
sender() {
	printf 'remote_server = 127.0.0.1\ntransport = tls\ntls_psk_file = /etc/audit/tls/%s\ntls_psk_identity = %s\n' "$1" "$2" \
		>/etc/audit/audisp-remote.conf
	chmod 640 /etc/audit/audisp-remote.conf
}
sender web web
mkdir -p /run/audit
if auditd --check-config 2>&1 | grep -q 'this auditd does not have'; then
	auditd 2>/tmp/said && fail "a collector without TLS starts"
	expect 'transport = tls asks for another transport than plain TCP' /tmp/said
	audisp-remote </dev/null 2>/tmp/said && fail "a sender without TLS starts"
	grep -q 'which has no TLS' /tmp/said || fail "it says: $(cat /tmp/said)"
	exit 0
fi
start_auditd
mkfifo /tmp/fifo
exec 7<>/tmp/fifo
audisp-remote </tmp/fifo 7>&- 2>/tmp/said &
sender=$!
sent_records 1 1000 >&7
stored 1000
logged '^type=DAEMON_ACCEPT .*op=tls-accept res=success role=collector addr=(::ffff:)?127.0.0.1 .*id=web .*cipher=TLS_AES_128_GCM_SHA256'
# Both ends write them, the sender through the kernel.
until_true 30 prints 4 count '^type=CRYPTO_SESSION ' || fail "records of keys: $(grep CRYPTO_ $log)"
[ "$(count '^type=CRYPTO_SESSION .*msg=.op=start direction=from-client .* res=success')" = 1 ] || fail "$(grep CRYPTO_ $log)"

# Taken off the list it is closed, and not let in again; put back it goes on, and nothing was lost or came twice.
list disabled
auditctl --signal reload || fail "the reload failed"
logged 'op=remote-client cause=identity-revoked addr=(::ffff:)?127.0.0.1'
sent_records 1001 1100 >&7
logged 'op=tls-accept res=no .*reason=disabled-identity'
logged '^type=CRYPTO_KEY_USER .*op=destroy'
sleep 2
[ "$(count '^node=sender ')" = 1000 ] || fail "it got in again"
list enabled
auditctl --signal reload || fail "the reload failed"
until_true 70 prints 1100 count '^node=sender ' || fail "$(count '^node=sender ') of 1100 are stored: $(cat /tmp/said)"
sent_records 1 1100 >/tmp/expected
grep '^node=sender ' $log | cmp - /tmp/expected || fail "not once and in order"

# A list with a mistake changes nothing.
echo 'web enabled key=/etc/audit/tls/web' >>/etc/audit/tls/clients
auditctl --signal reload && fail "a list with a name twice is taken"
sent_records 1101 1110 >&7
until_true 30 prints 1110 count '^node=sender ' || fail "the connection was closed"
exec 7>&-
wait $sender || fail "records are left: $(cat /tmp/said)"
list enabled
auditctl --signal reload || fail "the reload failed"

# Who has not the key gets nothing through, nor who speaks without TLS.
for pair in 'old web handshake-error' 'web nobody unknown-identity' 'old old disabled-identity'; do
	# shellcheck disable=SC2086 # three words
	set -- $pair
	sender "$1" "$2"
	sent_records 2001 2002 | timeout 10 audisp-remote 2>/tmp/said
	logged "op=tls-accept res=no .*reason=$3"
done
printf 'GET / HTTP/1.0\r\n\r\n' | nc 127.0.0.1 60 >/dev/null
until_true 30 prints 1110 count '^node=sender ' || fail "somebody got in"
# A key that others can read is none.
sender web web
chmod 440 /etc/audit/tls/web
audisp-remote </dev/null 2>/tmp/said && fail "a key that others can read is used"
grep -q '/etc/audit/tls/web must have the mode 0400' /tmp/said || fail "it says: $(cat /tmp/said)"
stop_auditd
