#!/bin/sh
# audit-early, as an initramfs calls it: auditing on, room for what happens until there is a daemon, the rules that lie there;
# and the daemon then gets what happened before it. No fault of it stops a boot.
. /steps
log=/var/log/audit/audit.log
for file in $(cat /etc/mkinitfs/features.d/audit.files); do
	[ -e "$file" ] || fail "mkinitfs would look for $file"
done
[ -s /etc/audit/audit.rules ] || fail "the feature has no rules"
mv /etc/audit/audit.rules /tmp/shipped
# until the next boot: without the early daemon of the last one
boot() {
	early=$(auditctl -s | sed -n 's/^pid //p')
	[ "$early" = 0 ] || kill -9 "$early"
	until_true 30 auditd_gone "$early" || fail "the early daemon outlives SIGKILL"
	rm -f /run/audit/early
}
auditctl -e 0 -b 64 >/dev/null
audit-early >/tmp/said 2>&1 || fail "without rules: $?"
[ ! -s /tmp/said ] || fail "it talks: $(cat /tmp/said)"
auditctl -s >/tmp/status
for setting in 'enabled 1' 'failure 1' 'backlog_limit 8192'; do expect "^$setting$" /tmp/status; done

boot
# the rules that are installed with it, on a root that has no log directory yet
cp /tmp/shipped /etc/audit/audit.rules
rm -rf /var/log/audit
audit-early >/tmp/said 2>&1 || fail "with the shipped rules: $?"
[ ! -s /tmp/said ] || fail "the shipped rules: $(cat /tmp/said)"
[ "$(auditctl -l | wc -l)" = "$(grep -c '^-[aw]' /tmp/shipped)" ] || fail "loaded: $(auditctl -l)"
auditctl -D >/dev/null
boot

echo '-w /etc/shadow -p r -k early' >/etc/audit/audit.rules
audit-early >/tmp/said 2>&1 || fail "with rules: $?"
auditctl -l | grep -q early || fail "no rule: $(auditctl -l)"
as alice 'cat /etc/shadow' 2>/dev/null
start_auditd
logged 'type=SYSCALL .*auid=1000 .*key="early"'
logged 'type=DAEMON_CONFIG .*op=hand-over'
stop_auditd

echo '-a never,nowhere' >/etc/audit/audit.rules
audit-early >/tmp/said 2>&1 || fail "a bad rule stops the boot: $?"
expect 'audit-early: some rules were not loaded' /tmp/said
su -s /bin/sh alice -c audit-early >/tmp/said 2>&1 || fail "where auditing cannot be set the boot stops: $?"
