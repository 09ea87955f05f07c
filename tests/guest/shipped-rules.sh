#!/bin/sh
# Every rule of rules/ is taken by the kernel, one for one and in order, and the settings of its base hold; Debian's auditctl
# reads the same rules back. They load whether the directories they name are there or not, and see what they say they see.
# guest: quick oracle
. /steps
cat /etc/audit/rules.d/*.rules >/tmp/all.rules
mkdir -p /etc/sudoers.d
[ ! -e /etc/security ] && [ ! -e /etc/selinux ] || fail "these directories are meant to be missing"
auditctl -R /tmp/all.rules >/tmp/loaded 2>&1 || fail "auditctl -R ended with $?: $(cat /tmp/loaded)"
auditctl -l >/tmp/list || fail "auditctl -l ended with $?"
wanted=$(grep -c '^-[aw]' /tmp/all.rules)
[ "$(wc -l </tmp/list)" = "$wanted" ] || fail "$wanted rules in the files, $(wc -l </tmp/list) in the kernel"
grep '^-[aw]' /tmp/all.rules | sed 's/.*\(key=\|-k \)//' >/tmp/keys
sed 's/.*\(key=\|-k \)//' /tmp/list | cmp - /tmp/keys || fail "the keys are not in the order of the files"
oracle auditctl -l >/tmp/oracle-list
# system calls its release has no names for yet
sed 's/fchmodat2/452/; s/removexattrat/466/; s/setxattrat/463/; s/file_setattr/469/' /tmp/list >/tmp/numbered
diff /tmp/numbered /tmp/oracle-list || fail "Debian's auditctl lists otherwise"
auditctl -s >/tmp/status
expect '^enabled 1$' /tmp/status
expect '^failure 1$' /tmp/status
expect '^backlog_limit 8192$' /tmp/status
expect '^backlog_wait_time 60000$' /tmp/status

# What is made in a watched directory, and in the place of a missing one; a call from after this kernel's time is in its rule.
start_auditd
expect '^-w /etc/sudoers.d -p wa -k identity$' /tmp/list
expect '^-a always,exit -F arch=b64 -S .*file_setattr.* -F key=permissions$' /tmp/list
sees() {
	until_true 30 sees_now "$@" || fail "no event of key $1 with $2"
}
sees_now() { ausearch --input-logs -k "$1" --raw 2>/dev/null | grep -q -e "$2"; }
echo 'alice ALL=(ALL) ALL' >/etc/sudoers.d/alice
sees identity 'name="/etc/sudoers.d/alice"'
mkdir /etc/selinux
sees mac-policy 'name="/etc/selinux"'
echo guest >/etc/hostname
sees network-name 'name="/etc/hostname"'

# Root who logged in as root is seen by the variant that 10-base.rules names, and not without it.
as_root() { sh -c 'echo 0 >/proc/self/loginuid && exec chmod 600 "$1"' as_root "$1"; }
: >/tmp/first
as_root /tmp/first
variant=$(sed -n 's/^# *\(sed -i .*augenrules --load\)$/\1/p' /etc/audit/rules.d/10-base.rules)
[ -n "$variant" ] || fail "10-base.rules names no variant for direct root logins"
sh -c "$variant" >/tmp/said 2>&1 || fail "$variant: $(cat /tmp/said)"
: >/tmp/second
as_root /tmp/second
sees permissions 'name="/tmp/second"'
sees_now permissions 'name="/tmp/first"' && fail "the rules for people see root"
stop_auditd
