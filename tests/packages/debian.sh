#!/bin/sh
# The Debian package, in the hands of Debian's dpkg and systemd: in place of Debian's own audit package, upgraded with changed
# configuration, removed, installed again, purged. tests/packages/run boots it.
. /steps
export DEBIAN_FRONTEND=noninteractive
rm -rf /etc/audit /var/log/audit # every guest has them

# package WORDS: dpkg with these words goes well; what it says is in /tmp/said
package() { dpkg "$@" >/tmp/said 2>&1 || fail "dpkg $*: $? $(cat /tmp/said)"; }
status() { dpkg-query -W -f '${db:Status-Abbrev}' auditbox 2>/dev/null; }
is_ours() { auditd_runs && [ "$(readlink "/proc/$(auditd_pid)/exe")" = "${1:-/usr/sbin/auditbox}" ]; }
is_active() { [ "$(systemctl is-active "$1")" = active ]; }

# Debian's own package, whose rules and configuration the administrator has changed.
package -i --force-depends /packages/reference.deb
until_true 20 is_ours /sbin/auditd || fail "Debian's own daemon does not run: $(cat /tmp/said; systemctl status auditd)"
reference=$(auditd_pid)
echo '-w /etc/hosts -p wa -k own' >/etc/audit/rules.d/50-own.rules
sed -i 's/^num_logs = .*/num_logs = 7/' /etc/audit/auditd.conf
grep -q libaudit.conf.5 /var/lib/dpkg/info/libaudit-common.list || fail "dpkg does not know what the libraries have"
package -r --force-depends auditd

# Ours in its place.
package -i --force-confold /packages/auditbox-1.deb
[ "$(status)" = 'ii ' ] || fail "status $(status)"
until_true 20 is_ours || fail "our daemon does not run: $(cat /tmp/said; systemctl status auditd)"
auditd_gone "$reference" || fail "two daemons"
until_true 20 is_active audit-rules || fail "no rules: $(systemctl status audit-rules)"
auditctl -l >/tmp/rules
expect '-w /etc/hosts .*own' /tmp/rules
refuse /etc/passwd /tmp/rules
[ "$(ls /etc/audit/rules.d)" = '50-own.rules
audit.rules' ] || fail "rules beside those of the administrator: $(ls /etc/audit/rules.d)"
expect '^num_logs = 7' /etc/audit/auditd.conf
systemctl is-enabled auditd audit-rules >/tmp/said || fail "not enabled: $(cat /tmp/said)"
dpkg --verify auditbox >/tmp/said
refuse 'missing|usr/' /tmp/said

# An upgrade: the daemon runs on, and the configuration is the administrator's, deleted files too.
pid=$(auditd_pid)
echo '# mine' >>/etc/audit/auditd.conf
package -i /packages/auditbox-2.deb
[ "$(dpkg-query -W -f '${Version}' auditbox)" = "$(dpkg-deb -f /packages/auditbox-2.deb Version)" ] || fail "not upgraded"
[ "$(auditd_pid)" = "$pid" ] && is_ours '/usr/sbin/auditbox (deleted)' || fail "the daemon did not run on"
expect '^# mine' /etc/audit/auditd.conf
[ ! -e /etc/audit/rules.d/30-identity.rules ] || fail "rules of ours came with the upgrade"
auditctl --signal stop && systemctl start auditd || fail "the change-over"
until_true 20 is_ours || fail "the new program does not run"

# What the daemon remembers of the logs it has closed.
auditctl --signal rotate
until_true 10 [ -s /var/lib/auditbox/closed-logs ] || fail "no table of closed logs"

# Removed: the daemon is stopped, configuration and log stay, and the log says how it ended.
pid=$(auditd_pid)
package -r auditbox
until_true 10 auditd_gone "$pid" || fail "the daemon outlives its package"
expect 'type=DAEMON_END .*res=success' $log
[ -f /etc/audit/auditd.conf ] && [ ! -e /usr/sbin/auditd ] && [ ! -e /lib/systemd/system/auditd.service ] || fail "not removed"
[ "$(status)" = 'rc ' ] || fail "status $(status)"
systemctl --failed --no-legend >/tmp/said
[ ! -s /tmp/said ] || fail "failed: $(cat /tmp/said)"

# Everything away: the log and what was ours in /etc/audit, but not what the administrator or Debian's own package made there.
package -P auditbox
left=$(find /etc/audit /var/log/audit 2>/dev/null | tr '\n' ' ')
[ "$left" = '/etc/audit /etc/audit/rules.d /etc/audit/rules.d/50-own.rules /etc/audit/rules.d/audit.rules ' ] || fail "left: $left"
find / -xdev -name '*auditbox*' ! -path '/packages/*' ! -path '/proc/*' >/tmp/said
[ ! -s /tmp/said ] || fail "left: $(cat /tmp/said)"

# On a machine that has seen no audit package: what the list says.
rm -r /etc/audit
package -i /packages/auditbox-2.deb
until_true 20 is_ours || fail "on a fresh machine it does not run"
until_true 20 is_active audit-rules || fail "no rules: $(systemctl status audit-rules)"
auditctl -l >/tmp/rules
expect 'path=/etc/passwd' /tmp/rules
for mode in 750:/etc/audit 750:/etc/audit/rules.d 640:/etc/audit/auditd.conf 640:/etc/audit/rules.d/30-identity.rules \
	700:/var/log/audit 755:/usr/sbin/auditbox; do
	[ "$(stat -c '%a %U:%G' "${mode#*:}")" = "${mode%%:*} root:root" ] || fail "${mode#*:}: $(stat -c '%a %U:%G' "${mode#*:}")"
done
rm /etc/audit/rules.d/30-identity.rules
package -i /packages/auditbox-1.deb
[ ! -e /etc/audit/rules.d/30-identity.rules ] || fail "a deleted file is back"
package -P auditbox
[ ! -e /etc/audit ] || fail "left: $(find /etc/audit)"

# Where the rules are one file that was written by hand, they stay in force.
mkdir -m 750 /etc/audit
printf '%s\n' -D '-w /etc/shadow -p wa -k by-hand' >/etc/audit/audit.rules
package -i /packages/auditbox-2.deb
until_true 20 is_active audit-rules || fail "no rules: $(systemctl status audit-rules)"
auditctl -l >/tmp/rules
expect '-w /etc/shadow .*by-hand' /tmp/rules
refuse /etc/passwd /tmp/rules
package -P auditbox
