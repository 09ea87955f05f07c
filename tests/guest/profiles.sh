#!/bin/sh
# Every profile of the policy library is installed into rules.d and loaded whole, and the kernel has each rule of it; stig locks
# the rules.
# guest: -t 900
. /steps
library=/usr/share/audit-rules
# What the policies name and this guest lacks.
mkdir -p /home /var/spool /var/log/audit /var/run /usr/bin /usr/sbin /usr/lib
augenrules --profiles >/tmp/profiles || fail "--profiles ended with $?"
[ "$(wc -l </tmp/profiles)" = "$(ls $library/*.profile | wc -l)" ] || fail "not all profiles: $(cat /tmp/profiles)"
for profile in $(sed 's/ .*//' /tmp/profiles | grep -v stig) stig; do
	rm -f /etc/audit/rules.d/*.rules
	augenrules --profile $profile --install >/tmp/out 2>&1 || fail "$profile: install: $(cat /tmp/out)"
	# Only one set can be locked.
	[ $profile = stig ] || rm -f /etc/audit/rules.d/99-lock.rules
	augenrules --load >/tmp/out 2>&1 || fail "$profile: augenrules --load: $(cat /tmp/out)"
	auditctl -l >/tmp/list
	wanted=$(cat /etc/audit/rules.d/*.rules | grep -c '^-[aw]')
	[ "$(grep -c '^-' /tmp/list)" = "$wanted" ] || fail "$profile: $wanted rules, the kernel has $(grep -c '^-' /tmp/list)"
	auditctl --diff /etc/audit/rules.d kernel >/tmp/out || fail "$profile: the kernel differs: $(cat /tmp/out)"
done
auditctl -s >/tmp/status
expect '^enabled 2$' /tmp/status
echo "-w /tmp/other -p wa -k other" >/tmp/other.rules
auditctl --diff /tmp/other.rules kernel >/tmp/out
[ $? = 3 ] || fail "a locked kernel with other rules is not told by 3"
