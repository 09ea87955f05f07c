#!/bin/sh
# Plugins: one reads everything, one never reads, one dies every time, one ignores the end of its input and SIGTERM. What the
# first got is what the log has; the others lost their own records alone. Then reloads, and the end.
# guest: -t 900
. /steps
configure q_depth=600 max_restarts=3 overflow_action=IGNORE
mkdir -p /etc/audit/plugins.d /plugins /out
start_syslog

# plugin NAME SCRIPT [KEY=VALUE...]: a plugin that runs the script
plugin() {
	name=$1
	printf '#!/bin/sh\n%s\n' "$2" >"/plugins/$name"
	chmod 755 "/plugins/$name"
	shift 2
	{
		printf 'active = yes\ndirection = out\npath = /plugins/%s\ntype = always\n' "$name"
		for setting; do echo "${setting%%=*} = ${setting#*=}"; done
	} >"/etc/audit/plugins.d/$name.conf"
	chmod 640 "/etc/audit/plugins.d/$name.conf"
}
# A slow machine may need more than the second after which SIGTERM would end who reads.
plugin reader 'trap "" TERM; exec cat >>/tmp/read'
plugin binary 'trap "" TERM; exec cat >>/tmp/read.bin' format=binary
plugin whole 'trap "" TERM; exec cat >>/tmp/whole' events=whole
plugin stuck 'exec sleep 1000'
plugin dying 'read line; exit 0'
plugin deaf 'trap "" TERM; while :; do sleep 1; done'
plugin env '{ env; echo "$@"; ls /proc/self/fd; } >/tmp/environment
	output=$(readlink "/proc/$$/fd/1") error=$(readlink "/proc/$$/fd/2")
	echo "$output $error" >>/tmp/streams
	exec cat >/dev/null' 'args=one two three'
echo 'active = maybe' >/etc/audit/plugins.d/bad.conf

# running PATTERN: the processes whose words match
running() { ps -o pid,args | grep -e "$1" | grep -v grep | awk '{ print $1 }'; }
none_runs() { [ -z "$(running "$1")" ]; }

start_auditd >/tmp/own-output 2>/tmp/own-error
told 'Option maybe not found - line 1'
told 'Skipping bad.conf plugin due to errors'
told 'audit dispatcher initialized with q_depth=600 and 7 active plugins'
rm /etc/audit/plugins.d/bad.conf
audit_calls
calls 3000
logged 'cause=plugin-queue count=[0-9]+ first=[0-9]+ last=[0-9]+ .*sink=plugin:stuck'
told 'plugin /plugins/dying has exceeded max_restarts'
state number_of_active_plugins 6
state plugin_stuck '"behind, queued 6[0-9][0-9], restarts 0, lost [1-9][0-9]*"'
state plugin_reader '"running, queued 0, restarts 0, lost 0"'
state plugin_dying '"given up, .*"'

# the arguments are there, and no descriptor is inherited but three, of which two are /dev/null though the daemon's starter has others
expect '^one two three$' /tmp/environment
expect '^/dev/null /dev/null$' /tmp/streams
[ "$(wc -l </tmp/streams)" = 1 ] || fail "streams: $(cat /tmp/streams)"

refuse '^([5-9]|[1-9][0-9]+)$' /tmp/environment

# what readers got is what the log has, but for the ends of events, the record of a successful reload, and what is
# left when all have ended, or was not read by one that had died
same() {
	grep -v -e '^type=EOE' -e 'cause=plugin-ended' -e 'cause=plugin-unread' /tmp/read >/tmp/read.lines
	grep -v -e 'op=reconfigure state=changed' -e 'cause=plugin-ended' -e 'cause=plugin-unread' $log >/tmp/log.lines
	cmp -s /tmp/read.lines /tmp/log.lines
}
differs() { fail "$1 the reader has $(wc -l </tmp/read.lines) lines, the log $(wc -l </tmp/log.lines): $(diff /tmp/read.lines /tmp/log.lines | head -n 4)"; }
until_true 30 same || differs "after the first calls"
calls_in() { grep -o 'syscall=95 ' "$1" | wc -l; }
same_calls() { [ "$(calls_in /tmp/read.bin)" = "$(calls_in $log)" ]; }
until_true 30 same_calls || fail "the binary reader has $(calls_in /tmp/read.bin) calls, the log $(calls_in $log)"
all_whole() { [ "$(grep -c 'syscall=95 ' /tmp/whole)" -ge 2990 ]; }
until_true 30 all_whole || fail "whole events: $(grep -c 'syscall=95 ' /tmp/whole)"
awk '/^type=EOE/ { next }
	{ split($0, part, /[()]/); if (part[2] != last && part[2] in seen) { print; exit 1 } seen[part[2]] = 1; last = part[2] }' \
	/tmp/whole || fail "an event came in two pieces"

# a reload: all are ended and started again, also those that are deaf; one that is gone leaves, one that was given up returns
before=$(running '^ *[0-9]* cat$')
rm /etc/audit/plugins.d/stuck.conf
auditctl --signal reload
told 'config change requested by'
until_true 30 none_runs 'sleep 1000' || fail "the removed plugin still runs"
until_true 30 prints '/dev/null/dev/null/dev/null/dev/null' cat /tmp/streams || fail "streams after a reload: $(cat /tmp/streams)"
state number_of_active_plugins 6
is_renewed() { [ "$before" != "$(running '^ *[0-9]* cat$')" ]; }
until_true 30 is_renewed || fail "the reader was not started again"
calls 300
until_true 30 same || differs "after a reload"

# a broken file keeps everything as it is
echo 'active = maybe' >/etc/audit/plugins.d/bad.conf
auditctl --signal reload
told 'Plugin configuration reload failed, keeping old state'
rm /etc/audit/plugins.d/bad.conf

# many reloads under load leak nothing
calls 3000 &
n=0
while [ $n -lt 20 ]; do
	auditctl --signal reload
	usleep 200000
	n=$((n + 1))
done
wait
few_descriptors() { [ "$(ls "/proc/$(auditd_pid)/fd" | wc -l)" -lt 25 ]; }
few_processes() { [ "$(running /plugins/ | wc -l)" -le 8 ]; }
until_true 30 few_descriptors || fail "descriptors are open: $(ls -l "/proc/$(auditd_pid)/fd")"
until_true 30 few_processes || fail "processes are left: $(ps)"
until_true 30 same || differs "after reloads"

# the end: everything that waits is read, and all plugins are gone
calls 300
stop_auditd
until_true 30 same || differs "at the end"
told 'Terminating plugins'
until_true 30 none_runs /plugins/ || fail "plugins outlive the daemon: $(ps)"

# whoever reads what a daemon's starter prints waits for no plugin
timeout 60 sh -c 'said=$(auditd 2>&1)' || fail "a plugin holds the output of the daemon's starter"
until_true 30 auditd_runs || fail "no daemon"
state number_of_active_plugins 6
stop_auditd

# in the foreground they have the daemon's own, after a reload too
rm /tmp/streams
auditd -f >/tmp/own-output 2>/tmp/own-error &
until_true 30 grep -qs own-error /tmp/streams || fail "no plugin: $(cat /tmp/own-error)"
until_true 30 auditd_registered || fail "no daemon: $(cat /tmp/own-error)"
auditctl --signal reload
twice() { prints '/tmp/own-output/tmp/own-error/tmp/own-output/tmp/own-error' cat /tmp/streams; }
until_true 30 twice || fail "streams in the foreground: $(cat /tmp/streams)"
stop_auditd
