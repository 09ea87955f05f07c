#!/bin/sh
# Where the kernel takes no daemon the sentence says why, and --observe works beside a daemon or in its place.
. /steps
log=/var/log/audit/audit.log
printf 'log_format = RAW\nspace_left = 20\nadmin_space_left = 10\n' >/etc/audit/auditd.conf

unshare -p -f auditd -n 2>/tmp/err && fail "a daemon in a pid namespace of its own"
expect 'pid namespace of its own' /tmp/err
unshare -U -r auditd -n 2>/tmp/err && fail "a daemon in a user namespace of its own"
expect 'user namespace of its own|You must be root' /tmp/err
mkdir /tmp/open && cp /etc/audit/auditd.conf /tmp/open && chmod 644 /tmp/open/auditd.conf
su -s /bin/sh alice -c 'auditd -f -c /tmp/open' 2>/tmp/err; [ $? = 4 ] || fail "not status 4: $(cat /tmp/err)"
expect 'You must be root or have capabilities to run this program' /tmp/err

# an observer in a pid namespace takes the copy, says so, and owns nothing
start_auditd --observe
logged 'type=DAEMON_START .*op=start .* mode=observe .*res=success'
[ "$(auditctl -s | sed -n 's/^pid //p')" = 0 ] || fail "the observer owns the events"
auditctl -m hello >/dev/null
logged "type=USER .*hello"
# the kernel does not know who signals an observer; the signal itself does, as long as the sender is there to be asked
sh -c 'echo 1000 >/proc/self/loginuid; kill -TERM "$(cat /run/audit/auditd.pid)"; sleep 2'
logged 'type=DAEMON_END .*op=terminate auid=1000 uid=0 ses=[0-9]+ pid=[0-9]+ res=success'
