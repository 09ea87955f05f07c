#!/bin/sh
# Both ends ours, the sender in a network of its own: a collector that stands still, one that is away, a link that is cut, and what the
# collector's plugins get.
# guest: -t 900
. /steps
ip link set lo up
network 1
start_syslog

# The collector stands still, so that what it stores is answered too late; the plugin sends that again, and it is stored once. Then the
# collector is killed and away, and what waits meanwhile arrives once and in order
configure name_format=user name=collector tcp_listen_port=60 tcp_max_per_addr=10 tcp_listen_queue=100 use_libwrap=no
rm -f /etc/audit/plugins.d/*
mkdir -p /run/audit /var/spool/audit /etc/audit/plugins.d /plugins
printf 'remote_server = 10.0.1.1\nmode = forward\nqueue_depth = 3000\nmax_time_per_record = 2\n' >/etc/audit/audisp-remote.conf
state_of() { kill -USR1 $sender && usleep 300000 && sed -n "s/^$1 = //p" /run/audit/remote.state; }
start_auditd
mkfifo /tmp/fifo
exec 7<>/tmp/fifo # its input ends when this is closed
nsenter -t "$network_1" -n audisp-remote </tmp/fifo 7>&- 2>/tmp/said &
sender=$!
sent_records 1 100 >&7
stored 100
kill -STOP "$(auditd_pid)"
sent_records 101 200 >&7
sleep 6
kill -CONT "$(auditd_pid)"
stored 200
has_repeated() { again=$(state_of records_repeated) && [ "$again" -ge 32 ]; }
until_true 30 has_repeated || fail "$again records were sent again: $(cat /tmp/said)"
echo "stored once: 200 records, of which $again were sent again"
kill -KILL "$(auditd_pid)"
for part in 2 3 4 5 6 7 8 9 10 11; do
	sent_records $((part * 100 + 1)) $((part * 100 + 100)) >&7
	usleep 500000
done
start_auditd 7>&-
stored 1200

# The link is cut while records flow: neither records nor answers come through
sent_records 1201 1700 >&7 &
writer=$!
usleep 50000
ip link set to1 down
wait $writer
sent_records 1701 1800 >&7
sleep 8
[ "$(count '^node=sender ')" -lt 1701 ] || fail "the link was not cut"
ip link set to1 up
stored 1800
until_true 30 prints 1800 state_of records_delivered || fail "state: $(cat /run/audit/remote.state)"
until_true 30 prints 0 state_of records_dropped || fail "state: $(cat /run/audit/remote.state)"

# A plugin gets the records of peers where distribute_network says so, and else our own alone
printf '#!/bin/sh\nexec cat >>/tmp/plugged\n' >/plugins/cat
chmod 755 /plugins/cat
printf 'active = yes\ndirection = out\npath = /plugins/cat\ntype = always\nformat = string\n' >/etc/audit/plugins.d/cat.conf
chmod 640 /etc/audit/plugins.d/cat.conf
auditctl --signal reload || fail "the reload failed"
until_true 30 pidof cat >/dev/null || fail "no plugin"
sent_records 1801 1900 >&7
stored 1900
nc 127.0.0.1 60 </dev/null >/dev/null
until_true 30 grep -qs '^node=collector type=DAEMON_ACCEPT ' /tmp/plugged || fail "nothing of our own: $(cat /tmp/plugged)"
refuse '^node=sender ' /tmp/plugged
echo 'distribute_network = yes' >>$conf
auditctl --signal reload || fail "the reload failed"
logged 'op=reconfigure state=changed'
sleep 1
sent_records 1901 2000 >&7
stored 2000
plugged() { grep -c '^node=sender ' /tmp/plugged; }
until_true 30 prints 100 plugged || fail "$(plugged) of 100 have reached the plugin"
sent_records 1901 2000 >/tmp/expected
grep '^node=sender ' /tmp/plugged | cmp - /tmp/expected || fail "the plugin got other records"
exec 7>&-
wait $sender || fail "records are left: $?"
stop_auditd
