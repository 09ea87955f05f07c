#!/bin/sh
# Where the kernel takes no daemon the sentence says why, and --observe works beside a daemon or in its place.
# guest: -t 900
. /steps
configure

unshare -p -f auditd -n 2>/tmp/err && fail "a daemon in a pid namespace of its own"
expect 'pid namespace of its own' /tmp/err
unshare -U -r auditd -n 2>/tmp/err && fail "a daemon in a user namespace of its own"
expect 'user namespace of its own|You must be root' /tmp/err
mkdir /tmp/open && cat $conf >/tmp/open/auditd.conf # readable for alice
su -s /bin/sh alice -c 'auditd -f -c /tmp/open' 2>/tmp/err; [ $? = 4 ] || fail "not status 4: $(cat /tmp/err)"
expect '^You must be root or have capabilities to run this program\.$' /tmp/err
expect '^The capability CAP_AUDIT_CONTROL is missing\.$' /tmp/err
su -s /bin/sh alice -c 'auditd -f --observe -c /tmp/open' 2>/tmp/err; [ $? = 4 ] || fail "not status 4: $(cat /tmp/err)"
expect '^The capability CAP_AUDIT_READ is missing\.$' /tmp/err
[ ! -e $log ] || fail "a daemon that did not start left a log: $(cat $log)"

# a network namespace of its own is none of the reasons: the kernel takes the daemon there
unshare -n auditd || fail "no daemon in a network namespace of its own"
until_true 30 auditd_runs || fail "no daemon in a network namespace of its own"
auditd_registered || fail "the kernel has pid $(kernel_pid)"
auditctl -m inside >/dev/null
logged 'type=USER .*inside'
stop_auditd

# but it gives observers there no copy, and so there are none
unshare -n auditd --observe 2>/tmp/err && fail "an observer where nothing is to be heard"
expect 'network namespace of its own; the kernel gives observers in the first one alone their copy' /tmp/err

# an observer in the place of a daemon takes the copy, says so, and owns nothing
observer=/run/audit/observer/auditd.pid
observes() { [ -d "/proc/$(cat $observer 2>/dev/null)/fd" ]; }
start_syslog
auditd --observe || fail "--observe: $?"
until_true 30 observes || fail "no observer"
logged 'type=DAEMON_START .*op=start .* mode=observe .*res=success'
told 'auditd\[[0-9]*\]: Observing only'
[ "$(kernel_pid)" = 0 ] || fail "the observer owns the events"
auditctl -m hello >/dev/null
logged "type=USER .*hello"
# the kernel does not know who signals an observer; the signal itself does, as long as the sender is there to be asked
sh -c 'echo 1000 >/proc/self/loginuid; kill -TERM "$1"; while [ -d "/proc/$1" ]; do usleep 100000; done' sh "$(cat $observer)"
logged 'type=DAEMON_END .*op=terminate auid=1000 uid=0 ses=[0-9]+ pid=[0-9]+ res=success'
[ -z "$(ls /run/audit/observer | grep -vx auditd.lock)" ] || fail "left behind: $(ls /run/audit/observer)"

# beside a daemon: not into the same log; into another one both write the same events, and neither is in the other's way
start_auditd
pid=$(auditd_pid)
auditd --observe 2>/tmp/err && fail "two daemons write one log"
expect "$log is written by pid $pid; an observer needs a log_file of its own" /tmp/err
mkdir /tmp/beside
cp $conf /tmp/beside/
echo 'log_file = /var/log/beside/audit.log' >>/tmp/beside/auditd.conf
auditd --observe -c /tmp/beside || fail "--observe beside a daemon: $?"
until_true 30 observes || fail "no observer"
[ "$(auditd_pid) $(kernel_pid)" = "$pid $pid" ] || fail "the observer took the daemon's place"
auditctl -m 'seen by both' >/dev/null
logged 'type=USER .*seen by both'
until_true 30 grep -q 'type=USER .*seen by both' /var/log/beside/audit.log || fail "the observer does not see it"
[ "$(grep 'seen by both' $log)" = "$(grep 'seen by both' /var/log/beside/audit.log)" ] || fail "they write different things"
auditctl --signal rotate
logged 'type=DAEMON_ROTATE' || fail "the daemon does not rotate"
# what the kernel has no room for in the observer's copy is in the observer's ledger, and not in the daemon's
kill -STOP "$(cat $observer)"
n=0; while [ $n -lt 300 ]; do auditctl -m "message $n $(printf '%0800d' $n)" >/dev/null; n=$((n + 1)); done
logged 'message 299 '
kill -CONT "$(cat $observer)"
until_true 30 grep -q 'op=lost-events cause=socket-overrun' /var/log/beside/audit.log || {
	tail -n 3 /var/log/beside/audit.log | cut -c1-300
	fail "an observer that was overrun does not say so"
}
refuse 'op=lost-events' $log
kill -TERM "$(cat $observer)"
until_true 30 grep -q 'type=DAEMON_END' /var/log/beside/audit.log || fail "the observer does not end"
[ "$(auditd_pid) $(kernel_pid)" = "$pid $pid" ] || fail "the observer's end took something of the daemon's away"
stop_auditd
