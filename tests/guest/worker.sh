#!/bin/sh
# The slow thread cannot be stopped by whoever owns the directory of the metrics; and where a disk stops it, that is said, in the
# system log and the state report, while records go on into the log and to the disk.
# guest: -t 240
. /steps
mkdir /home/metrics && chown alice /home/metrics
metrics=/home/metrics/auditd.prom
configure flush=INCREMENTAL freq=1 metrics_file=$metrics
start_syslog
start_auditd

# A pipe, a link or a directory in the place of the file, or of what becomes it
report() { auditctl --signal state --format json >/tmp/state || fail "no state report with $1"; }
renewed() { [ -f $metrics ] && [ ! -L $metrics ] && grep -q '^# EOF' $metrics; }
for place in $metrics $metrics.new; do
	rm -f $metrics $metrics.new
	mkfifo $place && chown alice $place
	report "a pipe"
	until_true 5 renewed || fail "not written with a pipe at $place"
	rm -f $metrics $metrics.new
	echo precious >/tmp/precious
	ln -s /tmp/precious $place
	report "a link"
	until_true 5 renewed || fail "not written with a link at $place"
	[ "$(cat /tmp/precious)" = precious ] || fail "it follows a link at $place"
done
rm -f $metrics
mkdir $metrics.new
report "a directory"
told "Cannot write $metrics" 1
rmdir $metrics.new
[ "$(sed -n 's/^"worker_blocked":\([^,]*\).*/\1/p' /tmp/state)" = false ] || fail "blocked: $(cat /tmp/state)"

# A file system that stands still
dd if=/dev/zero of=/tmp/slow bs=1024 count=0 seek=4096 2>/dev/null
device=$(losetup -f)
losetup "$device" /tmp/slow
mke2fs -b 1024 -m 0 "$device" >/dev/null && mount -t ext2 "$device" /home/metrics || fail "no file system"
report "a disk"
until_true 5 renewed || fail "no metrics on the disk"
fsfreeze --freeze /home/metrics || fail "it cannot be made to stand still"
report "a disk that stands still"
sleep 12
auditctl -m 'while it stands still' >/dev/null
logged 'type=USER .*while it stands still'
told "The worker thread is blocked: writing $metrics takes longer than 10 s" 1
report "a blocked worker"
expect '"worker_blocked":true' /tmp/state
expect "\"worker_blocked_by\":\"writing $metrics\"" /tmp/state
# what needs that thread says that it was not done
auditctl --signal reload 2>/tmp/said && fail "a reload that nobody does"
expect 'The daemon wrote no /run/audit/auditd.reload' /tmp/said
syncs() { auditctl --signal state --format json | sed -n 's/^"disk_syncs_requested":\([0-9]*\).*/\1/p'; }
before=$(syncs)
for n in 1 2 3; do auditctl -m "record $n" >/dev/null; logged "type=USER .*record $n"; done
[ "$(syncs)" -gt "$before" ] || fail "no syncs while the worker is blocked"
refuse 'blocked: syncing' /tmp/messages
fsfreeze --unfreeze /home/metrics
told 'The worker thread goes on' 1
until_true 10 grep -q '^"worker_blocked":false' - <<-S || report "a worker that goes on"
	$(auditctl --signal state --format json)
S
logged 'type=DAEMON_CONFIG .*op=reconfigure state=changed'
stop_auditd
