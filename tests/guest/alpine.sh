#!/bin/sh
# The scripts of Alpine's package, run by busybox's ash as apk runs them, and a system that had Alpine's audit package: its
# /etc/conf.d/auditd stays and means what it meant, its rules are kept and loaded. What apk itself does is not here.
# guest: openrc -t 600
. /steps
recipe=/usr/src/auditbox/packaging/alpine

# post_install: what it says is in /tmp/said
post_install() { sh $recipe/auditbox.post-install >/tmp/said 2>&1 || fail "post-install: $? $(cat /tmp/said)"; }
# service WORDS...: rc-service with these words
service() { rc-service "$@" >/tmp/said 2>&1 || fail "rc-service $*: $(cat /tmp/said)"; }
# rules PATTERN...: the kernel's rules are these, one a pattern
rules() {
	auditctl -l >/tmp/rules
	for pattern; do expect "$pattern" /tmp/rules; done
	[ "$(wc -l </tmp/rules)" = $# ] || fail "other rules: $(cat /tmp/rules)"
}
forget() { rm -rf /etc/audit/rules.d/* /etc/audit/audit.rules /etc/audit/audit.rules.prev; }

# Nobody has rules: those of the default profile, merged.
forget
post_install
refuse 'has rules already' /tmp/said
[ -f /etc/audit/rules.d/30-identity.rules ] || fail "no rules were chosen: $(ls /etc/audit/rules.d) $(cat /tmp/said)"
expect 'automatically generated' /etc/audit/audit.rules

# With the service in a runlevel as Alpine's was, and audit-rules in none, the boot loads them.
: >/etc/fstab
rc-update add auditd boot >/tmp/said 2>&1 || fail "rc-update: $(cat /tmp/said)"
for level in sysinit boot default; do openrc $level >>/tmp/boot 2>&1; done
until_true 30 auditd_runs || fail "no daemon after the boot: $(cat /tmp/boot)"
auditctl -l >/tmp/rules
expect '/etc/passwd.*identity' /tmp/rules
service auditd stop
auditctl -D >/dev/null

# Rules that lie where only its conf.d says
forget
cat >/etc/conf.d/auditd <<-X
	EXTRAOPTIONS='-s nochange'
	RULEFILE_STARTUP=/root/own.rules
	RULEFILE_STOP_PRE=/etc/audit/audit.rules.stop.pre
	RULEFILE_STOP_POST=/etc/audit/audit.rules.stop.post
	AUDITD_LANG=C
X
echo '-w /root/own -p wa -k own' >/root/own.rules
post_install
expect '/root/own.rules has rules already' /tmp/said
[ -z "$(ls /etc/audit/rules.d)" ] || fail "rules were added: $(ls /etc/audit/rules.d)"

# Rules written by hand, where it looks for them if nothing was changed: kept, merged, loaded by the daemon's own service.
forget
sed -i 's,/root/own.rules,/etc/audit/audit.rules,' /etc/conf.d/auditd
echo '-w /etc/hosts -p wa -k names' >/etc/audit/audit.rules
post_install
expect '50-audit.rules has rules already' /tmp/said
[ "$(ls /etc/audit/rules.d)" = 50-audit.rules ] || fail "rules were added: $(ls /etc/audit/rules.d)"
auditctl -e 0 >/dev/null
service auditd start
rules '/etc/hosts'
auditctl -s >/tmp/status
expect '^enabled 0' /tmp/status # EXTRAOPTIONS

# Its commands
auditctl -D >/dev/null
service auditd reload_auditd
rules 'No rules'
service auditd reload_rules
rules '/etc/hosts'
auditctl -D >/dev/null
service auditd reload
rules '/etc/hosts'

# The rules of a stop, which are not those of a restart
echo '-w /etc/group -p wa -k before' >/etc/audit/audit.rules.stop.pre
echo '-w /etc/shadow -p wa -k after' >/etc/audit/audit.rules.stop.post
service auditd restart
rules '/etc/hosts'
service auditd stop
rules '/etc/hosts' '/etc/group' '/etc/shadow'
rm /etc/audit/audit.rules.stop.*

# A file that cannot be loaded is told, and the daemon runs.
auditctl -D >/dev/null
echo '-a always,exit -S openatt' >/root/own.rules
sed -i 's,/etc/audit/audit.rules$,/root/own.rules,' /etc/conf.d/auditd
service auditd start
expect 'Some rules were not loaded' /tmp/said
auditd_runs || fail "no daemon beside rules that cannot be loaded"
service auditd stop

# With audit-rules in a runlevel the rules are its own.
echo '-w /root/own -p wa -k own' >/root/own.rules
rc-update add audit-rules boot >/tmp/said 2>&1
service auditd start
rules 'No rules'
service audit-rules start
rules '/etc/hosts'
service auditd reload
rules '/etc/hosts'

# Its program goes, and the daemon before it; the log stays.
pid=$(auditd_pid)
sh $recipe/auditbox.pre-deinstall || fail "pre-deinstall: $?"
until_true 30 auditd_gone "$pid" || fail "the daemon outlives its package"
[ -s $log ] || fail "the log is gone"
sh $recipe/auditbox.pre-deinstall || fail "pre-deinstall without a daemon: $?"
