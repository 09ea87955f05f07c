#!/bin/sh
# The doctor is shown each illness, and where it can be the command that it prints is done: then the illness is gone.
# guest: -t 1500
. /steps

# look STATUS: what the doctor says, in /tmp/said; and how it ends
look() {
	status=0
	auditbox doctor >/tmp/said 2>/tmp/err || status=$?
	[ ! -s /tmp/err ] || fail "the doctor complains: $(cat /tmp/err)"
	[ $status = "$1" ] || fail "status $status, not $1: $(cat /tmp/said)"
}

# ill STATUS CODE PATTERN: the doctor finds it
ill() {
	echo "shows $2"
	look "$1"
	expect "^(broken|warning|note) $2 [a-z-]*: .*$3" /tmp/said
}

# mend CODE: does what the doctor said of it; then it is not found any more
mend() {
	command=$(sed -n "/ $1 /{n;s/^    mend: //p;}" /tmp/said)
	[ -n "$command" ] || fail "no command for $1: $(cat /tmp/said)"
	sh -c "$command" >/tmp/mended 2>&1 || fail "$1: '$command' ended with $?: $(cat /tmp/mended)"
	until_true 30 is_mended "$1" || fail "$1 is still there: $(cat /tmp/said)"
}
is_mended() {
	auditbox doctor >/tmp/said
	! grep -q " $1 " /tmp/said
}

log_disk tmpfs 65536
configure max_log_file=1 max_log_file_action=ROTATE space_left=20 admin_space_left=10
chmod 640 $conf
rm -f /etc/audit/rules.d/* /etc/audit/audit.rules

# --- a kernel that nobody has touched
sed 's/ *audit[_a-z]*=[0-9]*//g' /proc/cmdline >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
auditctl -e 0 >/dev/null
auditctl -b 64 >/dev/null
ill 2 AD104 'switched off'
expect '^warning AD103 .*without audit=1' /tmp/said
expect '^warning AD107 .*limit is 64' /tmp/said
expect '^warning AD301 ' /tmp/said
expect '^broken AD203 ' /tmp/said
mend AD104
mend AD203
until_true 30 auditd_runs || fail "the daemon was not started"
mend AD107
mend AD301
[ "$(auditctl -l | wc -l)" -gt 5 ] || fail "the shipped rules are not loaded: $(auditctl -l)"
look 1
[ "$(grep -c -e broken -e warning /tmp/said)" = 2 ] || fail "more than AD103 and the counts: $(cat /tmp/said)"
auditbox doctor --format json >/tmp/json
expect '^\{"status":"warnings","findings":\[\{"code":"AD103",.*"unseen":\[\]\}$' /tmp/json

# --- the words of the kernel
echo 'default_kernel_opts="quiet"' >/etc/update-extlinux.conf
printf '#!/bin/sh\n' >/sbin/update-extlinux && chmod 755 /sbin/update-extlinux
look 1
sh -c "$(sed -n '/ AD103 /{n;s/^    mend: //p;}' /tmp/said)"
[ "$(. /etc/update-extlinux.conf; echo "$default_kernel_opts")" = 'audit=1 audit_backlog_limit=8192 quiet' ] || fail "$(cat /etc/update-extlinux.conf)"
rm /etc/update-extlinux.conf
umount /proc/cmdline
look 0

# --- losses
auditctl --backlog_wait_time 0 >/dev/null
auditctl -b 70 >/dev/null
audit_calls
kill -STOP "$(auditd_pid)"
calls 3000
until_true 30 sh -c '[ "$(auditctl -s | sed -n "s/^lost //p")" -gt 0 ]' || fail "nothing lost: $(auditctl -s)"
ill 1 AD105 'lost [0-9]* events; its backlog limit is 70'
kill -CONT "$(auditd_pid)"
until_true 30 sh -c 'auditctl -s | grep -qx "backlog 0"' || fail "it does not drain: $(auditctl -s)"
mend AD105
auditctl -s | grep -qx 'backlog_limit 8192' || fail "the limit is $(auditctl -s | grep backlog_limit)"
auditctl -r 1 >/dev/null
audit_calls
calls 300
augenrules --load >/dev/null 2>&1
ill 1 AD106 'rate limit is 1 a second'
mend AD106

# --- rights: a program that audisp-filter starts has no capabilities
printf '#!/bin/sh\nauditbox doctor >/tmp/confined\n' >/usr/bin/confined
chmod 755 /usr/bin/confined
echo 'uid == 12345' >/etc/audit/filter.rules
chmod 640 /etc/audit/filter.rules
echo | audisp-filter blocklist /etc/audit/filter.rules /usr/bin/confined
until_true 30 grep -q '^[0-9]* broken' /tmp/confined || fail "it said nothing: $(cat /tmp/confined)"
expect '^broken AD201 ' /tmp/confined
expect "^not looked at: the kernel's settings .*CAP_AUDIT_CONTROL is missing" /tmp/confined
unshare -U -r auditbox doctor >/tmp/said && fail "healthy in a user namespace of its own"
expect '^broken AD202 ' /tmp/said
expect '^not looked at: the owners of files' /tmp/said
refuse ' AD501 ' /tmp/said
unshare -p -f auditbox doctor >/tmp/said && fail "healthy in a pid namespace of its own"
expect '^broken AD202 ' /tmp/said
su -s /bin/sh alice -c 'auditbox doctor' >/tmp/said 2>&1; [ $? = 0 ] || fail "alice: $? $(cat /tmp/said)"
expect '^not looked at: the rules. files \(Permission denied\)$' /tmp/said
expect '^not looked at: auditd.conf, the log and the plugins \(Permission denied\)$' /tmp/said

# --- who takes the events
stop_auditd
cp /sbin/auditbox /tmp/osqueryd
/tmp/osqueryd auditd || fail "no foreign daemon"
until_true 30 auditd_runs
ill 2 AD204 'Process [0-9]* \(osqueryd\) takes the events'
mend AD204
until_true 30 auditd_runs
mkdir /tmp/beside
cp $conf /tmp/beside/
echo 'log_file = /var/log/beside/audit.log' >>/tmp/beside/auditd.conf
cp /sbin/auditbox /tmp/systemd-journald
/tmp/systemd-journald auditd --observe -c /tmp/beside || fail "no second reader"
until_true 30 test -s /run/audit/observer/auditd.pid || fail "no second reader"
ill 1 AD206 journald
kill -TERM "$(cat /run/audit/observer/auditd.pid)"
mkdir -p /etc/runlevels/boot
printf '#!/bin/sh\n' >/sbin/openrc-run && chmod 755 /sbin/openrc-run
printf '#!/bin/sh\nln -s /etc/init.d/$2 /etc/runlevels/$3/$2\n' >/sbin/rc-update && chmod 755 /sbin/rc-update
ill 1 AD205 'not started'
mend AD205
rm /sbin/openrc-run

# --- rules
auditctl -a never,task
ill 2 AD302 'no process'
mend AD302
echo '-a task,never' >/etc/audit/rules.d/10-no-audit.rules
chmod 640 /etc/audit/rules.d/10-no-audit.rules
ill 2 AD302 '/etc/audit/rules.d/10-no-audit.rules has a task,never rule: once it is loaded'
expect '^warning AD304 ' /tmp/said
augenrules --load >/dev/null 2>&1
ill 2 AD302 'from now on is audited. It stands in /etc/audit/rules.d/10-no-audit.rules'
mend AD302
rm /etc/audit/rules.d/10-no-audit.rules
echo '-w /etc/hosts -p wa -k hosts' >/etc/audit/rules.d/50-hosts.rules
chmod 640 /etc/audit/rules.d/50-hosts.rules
ill 1 AD304 'audit.rules'
mend AD304
auditctl -W /etc/hosts -p wa -k hosts
ill 1 AD305 'differ in 1 rules'
mend AD305
echo '-a always,exit -F nosuchfield=1' >/etc/audit/rules.d/50-hosts.rules
ill 2 AD303 '50-hosts.rules:1: .*nosuchfield'
evil=$(printf '/etc/audit/rules.d/0\n    mend: reboot\nbroken AD999 x: .rules')
cp /etc/audit/rules.d/50-hosts.rules "$evil"
look 2
refuse '^    mend: reboot|^broken AD999' /tmp/said
rm "$evil"
echo '-w /etc/hosts -p wa -k hosts' >/etc/audit/rules.d/50-hosts.rules
look 0

# --- rules in audit.rules alone are never replaced by those of rules.d, of which there are none
rules=$(auditctl -l)
same() { [ "$(auditctl -l)" = "$rules" ] || fail "$1: the rules are $(auditctl -l), not $rules"; }
mv /etc/audit/rules.d /etc/audit/away
auditctl -D >/dev/null
ill 1 AD301 ''
mend AD301
same AD301
auditctl -b 64 >/dev/null
ill 1 AD107 ''
mend AD107
same AD107
expect '^-b 8192$' /etc/audit/audit.rules
auditctl -W /etc/hosts -p wa -k hosts
ill 1 AD305 'differ in 1 rules'
mend AD305
same AD305
mkdir /etc/audit/rules.d
echo '-D' >/etc/audit/rules.d/audit.rules
chmod 640 /etc/audit/rules.d/audit.rules
ill 1 AD304 'It alone has rules'
mend AD304
same AD304
# in the kernel alone
rm -r /etc/audit/rules.d /etc/audit/audit.rules
ill 1 AD305 'stand in no file'
mend AD305
look 0
augenrules --load >/dev/null || fail "the rules that are kept are refused"
same 'kept rules'
# without -D, which the kernel refuses at the first rule that it has
rm -r /etc/audit/rules.d
mkdir /etc/audit/rules.d
(umask 027; grep -h -v '^-D' /etc/audit/away/*.rules >/etc/audit/rules.d/all.rules)
augenrules
auditctl -W /etc/hosts -p wa -k hosts
ill 1 AD305 ''
mend AD305
same 'without -D'
rm -r /etc/audit/rules.d
mv /etc/audit/away /etc/audit/rules.d
augenrules --load >/dev/null
look 0

# --- owners and modes
chmod 666 $conf
ill 2 AD501 "$conf can be changed by others than root .mode 0666"
mend AD501
chown alice /etc/audit/rules.d/50-hosts.rules
ill 2 AD501 '50-hosts.rules can be changed .*owner 1000:0'
mend AD501
chmod 644 $log
ill 1 AD502 'audit.log is open to more'
mend AD502
chmod 755 /var/log/audit
ill 1 AD502 '/var/log/audit is open'
mend AD502
chmod 777 /var/log
ill 2 AD503 'Unsafe audit log directory'
chmod 755 /var/log

# --- configuration and plugins
echo 'num_logs = many' >>$conf
ill 2 AD601 'line [0-9]*, key num_logs'
sed -i '$d' $conf
echo 'log_format = NOLOG' >>$conf
ill 1 AD602 'NOLOG'
sed -i '$d' $conf
mv $conf /etc/real.conf
ln -s /etc/real.conf $conf
ill 2 AD601 'symbolic link'
mend AD601
rm /etc/real.conf
mkdir -p /etc/audit/plugins.d
rm -f /etc/audit/plugins.d/*
printf 'active = yes\npath = /usr/bin/nothing\n' >/etc/audit/plugins.d/x.conf
chmod 640 /etc/audit/plugins.d/x.conf
ill 1 AD603 '/usr/bin/nothing .No such file'
mend AD603
printf '#!/bin/sh\nexec sleep 1000\n' >/usr/bin/slow
chmod 755 /usr/bin/slow
printf 'active = yes\npath = /usr/bin/slow\n' >/etc/audit/plugins.d/x.conf
ill 1 AD604 'plugin x is configured, and the daemon has not been told'
mend AD604
printf '#!/bin/sh\nexit 1\n' >/usr/bin/dies
chmod 755 /usr/bin/dies
printf 'active = yes\npath = /usr/bin/dies\n' >/etc/audit/plugins.d/y.conf
chmod 640 /etc/audit/plugins.d/y.conf
echo 'max_restarts = 0' >>$conf
auditctl --signal reload
until_true 30 sh -c 'auditbox doctor >/tmp/said; grep -q "AD604 .*plugin y does not run: given up" /tmp/said' || fail "$(cat /tmp/said)"
cp /usr/bin/slow /usr/bin/dies
mend AD604
echo 'q_depth = 20' >>$conf
auditctl --signal reload
audit_calls
calls 3000
augenrules --load >/dev/null 2>&1
state plugin_x '.*lost [1-9].*'
ill 1 AD605 'plugin x does not keep up: .*lost [1-9]'
sh -c "$(sed -n '/ AD605 /{n;s/^    mend: //p;}' /tmp/said | head -n 1)" || fail "q_depth is not raised"
expect '^q_depth = 40$' $conf
rm /etc/audit/plugins.d/*
auditctl --signal reload

# --- the log's space, and the daemon that stopped writing
configure max_log_file=1 max_log_file_action=ROTATE space_left=20 admin_space_left=10 admin_space_left_action=SUSPEND
auditctl --signal reload
is_sound() { auditbox doctor >/tmp/said 2>&1; }
until_true 30 is_sound || fail "not sound: $(cat /tmp/said)"
look 0
fill 46500
ill 1 AD402 'MiB left; it should have 20 MiB'
expect '^    mend: du -xak /var/log/audit \|' /tmp/said
fill 56000
auditctl -m 'the last one' >/dev/null
until_true 30 reports logging_suspended true || fail "not suspended: $(cat /tmp/state)"
ill 2 AD401 'admin_space_left is 10 MiB'
expect '^broken AD207 ' /tmp/said
rm $filler
mend AD207
date -s '@1000000000' >/dev/null
ill 1 AD405 'seconds before the last event'
hwclock -s 2>/dev/null || date -s '@1900000000' >/dev/null

# --- a thread of the daemon that stands still: a file system that is frozen
dd if=/dev/zero of=/tmp/metrics bs=1024 count=8192 2>/dev/null
device=$(losetup -f)
losetup "$device" /tmp/metrics && mke2fs "$device" >/dev/null && mkdir /metrics && mount -t ext4 "$device" /metrics || fail "no disk"
configure max_log_file=1 max_log_file_action=ROTATE metrics_file=/metrics/auditd.prom report_interval=3600
stop_auditd
start_auditd
fsfreeze --freeze /metrics || fail "it cannot be frozen"
auditctl --signal state
stands_still() { auditbox doctor >/tmp/said; grep -q " AD208 " /tmp/said; }
until_true 30 stands_still || fail "it is not seen to stand still: $(cat /tmp/said)"
ill 1 AD208 'standing still: '
fsfreeze --unfreeze /metrics
until_true 30 reports worker_blocked false || fail "still blocked: $(cat /tmp/state)"
until_true 30 is_sound || fail "not sound: $(cat /tmp/said)"
look 0
refuse ' AD208 ' /tmp/said

# --- logins
mkdir /etc/pam.d
echo 'session required pam_unix.so' >/etc/pam.d/login
ill 1 AD701 'login uid'
mend AD701

# --- a machine that has one file system for all
mkdir /mnt/one
mount -t tmpfs -o size=65536k tmpfs /mnt/one
mkdir -p /mnt/one/proc /mnt/one/var/log/audit /mnt/one/sbin /mnt/one/etc /mnt/one/bin
chmod 700 /mnt/one/var/log/audit
cp -a /sbin/auditbox /mnt/one/sbin/
cp -a /bin/busybox /mnt/one/bin/ && for name in sh sed; do ln -s busybox /mnt/one/bin/$name; done
cp -a /etc/audit /etc/passwd /etc/group /mnt/one/etc/
chroot /mnt/one /sbin/auditbox doctor >/tmp/said
expect "^not looked at: the kernel's command line .No such file" /tmp/said
mount -t proc proc /mnt/one/proc
chroot /mnt/one /sbin/auditbox doctor >/tmp/said
expect '^note AD404 .*may take 5 MiB of it' /tmp/said
sed -i 's/^max_log_file_action.*/max_log_file_action = KEEP_LOGS/' /mnt/one$conf
chroot /mnt/one /sbin/auditbox doctor >/tmp/said
expect '^warning AD403 .*may grow without bound' /tmp/said
sed -n '/ AD403 /{n;s/^    mend: //p;}' /tmp/said | sed 's/ && auditctl .*//' >/tmp/mends
chroot /mnt/one /bin/sh -e </tmp/mends || fail "not mended: $(cat /tmp/mends)"
chroot /mnt/one /sbin/auditbox doctor >/tmp/said
expect '^note AD404 .*may take [0-9]* MiB of it' /tmp/said
umount /mnt/one/proc

# --- an image
auditbox doctor --root /mnt/one >/tmp/said; [ $? = 0 ] || fail "image: $(cat /tmp/said)"
echo '-w /etc/passwd -p wa -k p' >/mnt/one/etc/audit/rules.d/99-x.rules
chmod 646 /mnt/one/etc/audit/rules.d/99-x.rules
auditbox doctor --root /mnt/one >/tmp/said; [ $? = 2 ] || fail "image: $(cat /tmp/said)"
expect '^broken AD501 .*: /mnt/one/etc/audit/rules.d/99-x.rules can be changed' /tmp/said
expect '^warning AD304 ' /tmp/said
sed -n 's/^    mend: //p' /tmp/said >/tmp/mends
sh -e /tmp/mends || fail "what mends the image fails: $(cat /tmp/mends)"
auditbox doctor --root /mnt/one >/tmp/said; [ $? = 0 ] || fail "the image is not mended: $(cat /tmp/said)"

# --- locked
auditctl -e 2 >/dev/null
ill 0 AD307 'locked'
auditctl -s | grep -qx 'enabled 2' || fail "not locked"
echo '-w /etc/group -p wa -k g' >>/etc/audit/rules.d/50-hosts.rules
augenrules >/dev/null
cat /etc/audit/rules.d/*.rules >/etc/audit/audit.rules
ill 1 AD306 'locked until the next boot'
exit 0
