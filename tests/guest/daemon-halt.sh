#!/bin/sh
# A full disk with disk_full_action HALT ends the machine: this test passes only by the power going off.
# guest: quick
. /steps

log_disk tmpfs 1024
configure disk_full_action=HALT space_left=2% admin_space_left=1%
rm -f /sbin/init
cat >/sbin/init <<X
#!/bin/sh
# what a real one would do at once: the verdict, the disks, the power
grep -q 'key="call"' $log && [ "\$*" = 0 ] && echo 0 >/out/.status
cp $log /out/audit.log
sync
umount /out
poweroff -f
X
chmod 755 /sbin/init
start_auditd
audit_calls
calls 30
accounted 30
fill
calls 300
sleep 30
fail "the machine still runs"
