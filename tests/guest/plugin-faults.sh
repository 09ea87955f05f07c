#!/bin/sh
# Everything that plugins do wrong, at once and under load: 20 of them, of which eight do what a plugin must not. The log has every event;
# who reads has what the log has; who does not has lost its own records alone, and the ledger says which. Then full queues with every
# overflow action, reloads under load, and starts and stops, after which nothing is left.
# guest: -t 2400
. /steps
mkdir -p /etc/audit/plugins.d /plugins /tmp/read /tmp/pids
start_syslog

# plugin NAME SCRIPT [KEY=VALUE...]: a plugin that runs the script
plugin() {
	name=$1
	printf '#!/bin/sh\n%s\n' "$2" >"/plugins/$name"
	chmod 755 "/plugins/$name"
	shift 2
	{
		printf 'active = yes\npath = /plugins/%s\n' "$name"
		for setting; do echo "${setting%%=*} = ${setting#*=}"; done
	} >"/etc/audit/plugins.d/$name.conf"
	chmod 640 "/etc/audit/plugins.d/$name.conf"
}
# reader NAME [KEY=VALUE...]: one that reads everything, into /tmp/read/NAME. A slow machine may need more than the second after which
# SIGTERM would end it.
reader() {
	name=$1
	shift
	plugin "$name" "trap '' TERM; exec cat >>/tmp/read/$name" "$@"
}

running() { ps -o args | grep -v grep | grep -c -e "$1"; }
none_runs() { [ "$(running "$1")" = 0 ]; }
descriptors() { ls "/proc/$(auditd_pid)/fd" | wc -l; }

# lines FILE: what a plugin got that the log has too: all but the ends of events, and what is left when all have ended
lines() { grep -v -e '^type=EOE' -e 'cause=plugin-ended' -e 'cause=plugin-unread' "$1"; }
# whoever reads has what the log has, but for the record of a successful reload, and what plugins left unread at the end, when nobody is told
# any more
same() {
	grep -v -e 'op=reconfigure state=changed' -e 'cause=plugin-ended' -e 'cause=plugin-unread' $log >/tmp/log.lines
	lines "/tmp/read/$1" | cmp -s - /tmp/log.lines
}
must_be_same() {
	for name; do
		until_true 60 same "$name" || {
			grep "op=lost-events.*sink=plugin:$name " $log || true
			lines "/tmp/read/$name" >/tmp/read.lines
			fail "$name has $(wc -l </tmp/read.lines) lines, the log $(wc -l </tmp/log.lines): $(diff /tmp/read.lines /tmp/log.lines | head -n 4)"
		}
	done
}
# all_made N: every event that was made is in the log once, and no serial of the kernel's is missing between the first and the last
all_made() {
	[ "$(sed -n 's/^type=SYSCALL .* a0=\([0-9a-f]*\) .*key="number".*/\1/p' $log | sort -u | wc -l)" = "$1" ] || return 1
	[ "$(grep -c '^type=SYSCALL .*key="number"' $log)" = "$1" ] || return 1
	sed -n 's/^type=SYSCALL msg=audit([0-9.]*:\([0-9]*\)).*key="number".*/\1/p' $log |
		awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 }'
}

# --- 20 at once
for n in 1 2 3 4 5 6 7 8 9 10; do reader "reader-$n"; done
reader binary format=binary
reader whole events=whole
plugin stuck 'exec sleep 1000'
plugin pausing 'until [ -e /tmp/go ]; do usleep 200000; done; exec cat >>/tmp/read/pausing'
plugin slow 'until [ -e /tmp/go ]; do dd bs=1 count=1 2>/dev/null; sleep 1; done >>/tmp/read/slow; exec cat >>/tmp/read/slow'
plugin dead-at-once 'echo $$ >>/tmp/pids/dead-at-once; exit 1'
plugin dying 'echo $$ >>/tmp/pids/dying; sleep 1; kill -KILL $$'
plugin garbage 'exec 3<&0; while head -c 4096 /dev/urandom; do :; done >&3 2>&3 & exec cat >>/tmp/read/garbage'
plugin leaving 'trap "" TERM; exec 3<&0; cat <&3 >>/tmp/read/leaving & exit 0'
plugin deaf 'trap "" TERM; exec 3>/tmp/read/deaf; while :; do read -r line && echo "$line" >&3 || sleep 1; done'

configure q_depth=600 max_restarts=3 overflow_action=IGNORE
auditctl -b 8192 >/dev/null
audit_numbers
start_auditd
made=1200
events $made
told 'audit dispatcher initialized with q_depth=600 and 20 active plugins'
until_true 60 all_made $made || fail "of $made events the log has $(grep -c 'key="number"' $log), or serials are missing"
must_be_same reader-1 reader-2 reader-3 reader-4 reader-5 reader-6 reader-7 reader-8 reader-9 reader-10 garbage leaving
calls_in() { grep -ac 'syscall=62 .*key="number"' "$1"; }
binary_has_all() { [ "$(grep -ao 'syscall=62 ' /tmp/read/binary | wc -l)" = $made ]; }
until_true 60 binary_has_all || fail "the binary reader has $(grep -ao 'syscall=62 ' /tmp/read/binary | wc -l) of $made"
whole_has_all() { [ "$(calls_in /tmp/read/whole)" = $made ]; }
until_true 60 whole_has_all || fail "the reader of whole events has $(calls_in /tmp/read/whole) of $made"

# who died: it was started four times and no more
for name in dead-at-once dying; do
	until_true 60 is_told "plugin /plugins/$name has exceeded max_restarts" || fail "$name is not given up"
	[ "$(wc -l </tmp/pids/$name)" = 4 ] || fail "$name was started $(wc -l </tmp/pids/$name) times"
done
# what it was sent before it died is lost, and nobody can count that
logged 'cause=plugin-unread count=\? first=\? last=[0-9]+ .*sink=plugin:dying'
# who does not read, or too slowly: each has its own losses in the ledger, and nobody else has any
for name in stuck slow pausing; do
	logged "cause=plugin-queue count=[0-9]+ first=[0-9]+ last=[0-9]+ .*sink=plugin:$name"
done
for n in 1 2 3 4 5 6 7 8 9 10; do state "plugin_reader_$n" '"running, queued 0, restarts 0, lost 0"'; done
for name in binary whole garbage leaving; do state "plugin_$name" '"running, queued 0, restarts 0, lost 0"'; done
for name in stuck slow pausing; do state "plugin_$name" '"behind, queued 6[0-9][0-9], restarts 0, lost [1-9][0-9]*"'; done
grep 'op=lost-events' $log | grep -Ev 'sink=plugin:(stuck|slow|pausing|dead-at-once|dying|deaf)' >/tmp/others
[ ! -s /tmp/others ] || fail "others have lost something: $(head -n 3 /tmp/others)"

# who reads a byte a second does so, from the first record on
before=$(wc -c </tmp/read/slow)
reads() { [ "$(wc -c </tmp/read/slow)" -gt "$((before + 2))" ]; }
until_true 60 reads || fail "who reads a byte a second stays at $before bytes"
head -c "$(wc -c </tmp/read/slow)" /tmp/read/reader-1 | cmp - /tmp/read/slow || fail "it reads something else: $(cat /tmp/read/slow)"
[ "$(wc -c </tmp/read/slow)" -lt 1000 ] || fail "it has $(wc -c </tmp/read/slow) bytes"

# What a plugin that reads on has not got is what the ledger says: as many records, from that serial to that one. It is told too what it has
# lost since that was last written down.
events 20
touch /tmp/go
for name in pausing slow; do
	until_true 60 grep -qs "cause=plugin-queue .*sink=plugin:$name " /tmp/read/$name || fail "$name is not told what it has lost"
done
reads_on() { [ "$(auditctl --signal state --format json | grep -c "\"plugin_$1\":\"running, queued 0")" = 1 ]; }
for name in pausing slow; do until_true 60 reads_on $name || fail "the plugin $name, which reads on, does not catch up"; done
auditctl -m after-the-pause
for name in pausing slow; do
	until_true 30 grep -q after-the-pause /tmp/read/$name || fail "$name, which reads on, does not get what comes next"
done
must_be_same reader-1
serials() { sed -n 's/^type=[A-Z_]* msg=audit([0-9.]*:\([0-9]*\)):.*/\1/p' "$1"; }
# ledger_of KEY NAME: the numbers of that key in the records of what a plugin has lost
ledger_of() { sed -n "s/.*cause=plugin-queue .*$1=\([0-9]*\) .*sink=plugin:$2 .*/\1/p" $log | sort -n; }
counted() { ledger_of count "$1" | awk '{ n += $1 } END { print n + 0 }'; }
for name in pausing slow; do
	# the daemon's records of losses are not counted among them
	awk '/^type=DAEMON_ERR/ { next } { key = $1 " " $2 } FNR == NR { seen[key]++; next } seen[key]-- <= 0' \
		/tmp/read/$name /tmp/read/reader-1 >/tmp/missing
	until_true 30 prints "$(wc -l </tmp/missing)" counted $name ||
		fail "$name has not got $(wc -l </tmp/missing) records, the ledger says $(counted $name)"
	grep -v '^type=DAEMON' /tmp/missing >/tmp/missing.kernel
	serials /tmp/missing.kernel | sort -n >/tmp/missing.serials
	[ "$(head -n 1 /tmp/missing.serials)" = "$(ledger_of first $name | head -n 1)" ] || fail "first of $name: $(head -n 1 /tmp/missing.serials)"
	[ "$(tail -n 1 /tmp/missing.serials)" = "$(ledger_of last $name | tail -n 1)" ] || fail "last of $name: $(tail -n 1 /tmp/missing.serials)"
done

# The end takes all of them along, also the deaf one and the child of the one that has left.
stop_auditd
must_be_same reader-1 garbage leaving
until_true 30 none_runs /plugins/ || fail "plugins outlive the daemon: $(ps)"
until_true 30 none_runs '^cat$' || fail "a reader outlives the daemon: $(ps)"
logged 'cause=plugin-ended count=6[0-9][0-9] .*sink=plugin:stuck'
logged 'cause=plugin-unread count=\? first=\? last=[0-9]+ .*sink=plugin:stuck'
refuse 'cause=plugin-unread.*sink=plugin:(reader|whole|binary|garbage|leaving|pausing|slow)' $log
rm -f /etc/audit/plugins.d/*
echo "20 at once: $(cut -d ' ' -f 1 /proc/uptime)"

# --- a full queue, with every overflow action
ln -sf /bin/busybox /plugins/box
cat >/plugins/init <<-'X'
	#!/bin/sh
	echo "$*" >>/tmp/runlevels
X
chmod 755 /plugins/init
[ ! -e /sbin/init ] || mv /sbin/init /sbin/init.saved
cp /plugins/init /sbin/init
reader reader
plugin stuck 'until [ -e /tmp/go-on ]; do usleep 200000; done; exec cat >>/tmp/read/stuck'
# overflow ACTION: a fresh daemon whose one plugin does not read. Up to 208 KiB stay in its socket, as many as 600 events where they come
# in large batches, so more are made than that and the queue hold.
overflow() {
	rm -f $log /tmp/read/reader
	: >/tmp/messages
	configure q_depth=600 overflow_action="$1"
	start_auditd
	audit_numbers
	events 1500 100
	until_true 60 all_made 1500 || fail "overflow_action = $1: the log has $(grep -c 'key="number"' $log) events"
	must_be_same reader
	logged 'cause=plugin-queue count=[0-9]+ first=[0-9]+ last=[0-9]+ .*sink=plugin:stuck'
	state plugin_queue_overflow_detected true
}
overflow IGNORE
refuse 'queue' /tmp/messages
stop_auditd
overflow SYSLOG
# One message for all that is dropped of what came at once, however much that is.
told_five_times() {
	events 50
	is_told 'queue to plugins is full - dropping event \(plugin stuck\)' 5
}
until_true 30 told_five_times || fail "dropped events are told $(grep -c 'dropping event' /tmp/messages) times"
told 'auditd queue full reporting limit reached - ending dropped event notifications' 1
stop_auditd
overflow SUSPEND
told 'Auditd is suspending event passing to plugins due to overflowing its queue. \(plugin stuck\)' 1
state plugin_queueing_suspended true
# It reads on, and gets what was in its queue; of what follows nothing until the signal, and all after it.
touch /tmp/go-on
stuck_is() { auditctl --signal state --format json | grep -q "\"plugin_stuck\":\"$1, queued 0"; }
until_true 60 stuck_is suspended || fail "the queue of the plugin that was suspended is not emptied"
auditctl -m while-suspended
until_true 30 grep -q while-suspended /tmp/read/reader || fail "another plugin gets nothing while one is suspended"
auditctl --signal resume
until_true 30 stuck_is running || fail "it is suspended after the signal"
auditctl -m after-the-signal
until_true 30 grep -q after-the-signal /tmp/read/stuck || fail "it gets nothing after the signal"
refuse while-suspended /tmp/read/stuck
state plugin_queueing_suspended false
rm /tmp/go-on
stop_auditd
[ ! -e /tmp/runlevels ] || fail "runlevels: $(cat /tmp/runlevels)"
overflow SINGLE
told 'The queue to plugin stuck is full: changing the system to single user mode' 1
until_true 30 prints 1 cat /tmp/runlevels || fail "runlevels: $(cat /tmp/runlevels)"
stop_auditd
overflow HALT
told 'The queue to plugin stuck is full: changing the system to halt' 1
until_true 30 prints 10 cat /tmp/runlevels || fail "runlevels: $(cat /tmp/runlevels)"
stop_auditd
rm /sbin/init
[ ! -e /sbin/init.saved ] || mv /sbin/init.saved /sbin/init
echo "overflow actions: $(cut -d ' ' -f 1 /proc/uptime)"

# --- reloads under load: what reads is ended and started each time, and misses nothing
rm -f /etc/audit/plugins.d/* $log /tmp/read/*
reader reader
reader other
plugin leaving 'trap "" TERM; exec 3<&0; cat <&3 >>/tmp/read/leaving & exit 0'
configure q_depth=20000
start_auditd
audit_numbers
pids() { ps -o pid,args | sed -n 's/^ *\([0-9]*\) cat$/\1/p' | sort; }
until_true 30 prints 3 running '^cat$' || fail "not three readers: $(ps)"
pids >/tmp/pids.before
auditctl --signal reload
others_run() { [ "$(pids | wc -l)" = 3 ] && [ -z "$(pids | grep -xF -f /tmp/pids.before)" ]; }
until_true 30 others_run || fail "not three other readers: $(ps)"
drained
before=$(descriptors)
rm -f /tmp/enough
events 1000000 100 &
n=0
while [ $n -lt "$(rounds 200 2000)" ]; do
	auditctl --signal reload || fail "reload $n"
	n=$((n + 1))
done
touch /tmp/enough
wait $!
until_true 60 all_made "$(cat /tmp/made)" || fail "of $(cat /tmp/made) events the log has $(grep -c 'key="number"' $log)"
must_be_same reader other leaving
until_true 30 prints 3 running '^cat$' || fail "processes are left: $(ps)"
until_true 30 prints "$before" descriptors || fail "$before descriptors before, now: $(ls -l "/proc/$(auditd_pid)/fd")"
echo "$n reloads with $(cat /tmp/made) events: $(cut -d ' ' -f 1 /proc/uptime)"
stop_auditd

# --- starts and stops
rm -f /etc/audit/plugins.d/* /tmp/read/*
reader reader
printf 'active = yes\npath = /sbin/audisp-af_unix\nargs = 0640 /run/audispd_events string\nformat = binary\n' >/etc/audit/plugins.d/af_unix.conf
configure
# processes of the daemon and its plugins, sockets of the whole system, what /run holds
everything() {
	ps -o args | grep -e audit -e audisp -e '^cat' -e /plugins/ | grep -v -e grep -e guest-script | sort >/tmp/everything
	tail -n +2 /proc/net/unix | wc -l >>/tmp/everything
	find /run | sort >>/tmp/everything
	cat /tmp/everything
}
cycle() {
	start_auditd
	pid=$(auditd_pid)
	kill -TERM "$pid"
	waited=0
	while ! auditd_gone "$pid"; do
		usleep 20000
		waited=$((waited + 1))
		[ $waited -lt 500 ] || fail "auditd does not end"
	done
}
cycle
until_true 30 none_runs '^cat$' || fail "a reader outlives the daemon: $(ps)"
until_true 30 none_runs audisp || fail "a plugin outlives the daemon: $(ps)"
everything >/tmp/before
n=0
while [ $n -lt "$(rounds 100 1000)" ]; do
	cycle
	n=$((n + 1))
done
is_as_before() { everything | cmp -s /tmp/before -; }
until_true 30 is_as_before || fail "left behind: $(diff /tmp/before /tmp/everything)"
until_true 30 prints $((n + 1)) grep -c 'type=DAEMON_END' /tmp/read/reader || fail "the reader has $(grep -c 'type=DAEMON_END' /tmp/read/reader) ends of $((n + 1))"
echo "$n starts and stops: $(cut -d ' ' -f 1 /proc/uptime)"
