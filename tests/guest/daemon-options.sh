#!/bin/sh
# What auditd.conf and the command line may ask for beside the usual: names of the node, both formats, no log, no local events,
# standard output as the log, a log directory that is missing.
# guest: oracle -t 400
. /steps

# conf LINES: auditd.conf with these lines, and no log yet
conf() {
	configure
	printf '%b\n' "$1" >>$conf
	rm -f /var/log/audit/*
}

# node LINES: what `node=` says under this configuration; nothing when there is none
node() {
	conf "$1"
	start_auditd
	auditctl -m "who writes" >/dev/null
	logged 'who writes'
	auditctl --signal reload
	logged 'type=DAEMON_CONFIG .*state=changed'
	auditctl -m "after the reload" >/dev/null
	logged 'after the reload'
	auditctl --signal stop
	sed -n 's/^node=\([^ ]*\) .*/\1/p' $log | sort -u
}

# the node's name, by each way to it, on every record, also after a reload; and Debian's daemon says the same
printf '127.0.0.1 localhost\n10.0.2.5 box.example.org box\n' >/etc/hosts
hostname box
oracle true 2>/dev/null
mkdir -p /oracle/etc && cp /etc/hosts /etc/nsswitch.conf /oracle/etc/
for format in none hostname fqd numeric 'user\nname = my-node'; do
	ours=$(node "name_format = $format")
	all=$(wc -l <$log) named=$(grep -c '^node=' $log)
	conf "name_format = $format\nlog_file = /var/log/audit/audit.log"
	mkdir -p /oracle/etc/audit && cp $conf /oracle/etc/audit/auditd.conf
	chmod 640 /oracle/etc/audit/auditd.conf
	oracle /sbin/auditd -s nochange || fail "Debian's auditd does not start with name_format = $format"
	until_true 30 grep -qs 'type=DAEMON_START' $log || fail "Debian's auditd writes nothing"
	auditctl --signal stop
	theirs=$(sed -n 's/^node=\([^ ]*\) .*/\1/p' $log | sort -u)
	[ "$ours" = "$theirs" ] || fail "name_format = $format: ours '$ours', Debian's '$theirs'"
	[ "$format" = none ] || [ "$all" = "$named" ] || fail "name_format = $format: $named of $all records are named"
	echo "name_format = $format: '$ours'"
done
conf 'name_format = user'
auditd 2>/tmp/err && fail "a user's name that is missing"
expect 'User defined name missing' /tmp/err
hostname nowhere.invalid
conf 'name_format = fqd'
auditd 2>/tmp/err && fail "a name that cannot be resolved"
expect 'Cannot resolve hostname nowhere.invalid' /tmp/err
hostname box

# RAW is what the kernel says; ENRICHED has names behind a byte 0x1D
conf ''
start_auditd
as alice 'auditctl -m x' >/dev/null 2>&1
logged 'type=LOGIN'
refuse "$(printf '\035')" $log
auditctl --signal stop
conf 'log_format = ENRICHED'
start_auditd
as alice 'true'
logged "type=LOGIN .*auid=1000 .*$(printf '\035').*AUID=\"alice\""
auditctl --signal stop

# who waits on a descriptor gets a newline and then the end, whether the daemon forks or not
conf ''
for fork in '' -n; do
	auditd $fork --ready-fd 3 3>/tmp/ready &
	until_true 30 auditd_runs || fail "--ready-fd $fork"
	until_true 30 test -s /tmp/ready || fail "$fork: nothing on --ready-fd"
	[ "$(od -An -tx1 /tmp/ready | tr -d ' ')" = 0a ] || fail "$fork: $(od -An -tx1 /tmp/ready)"
	ls -l "/proc/$(auditd_pid)/fd" >/tmp/fd
	refuse '/tmp/ready' /tmp/fd
	auditctl --signal stop
	rm /tmp/ready
done

# no log: none is made; it runs all the same, says so, and reports nothing as lost
conf 'write_logs = no'
rm -rf /var/log/audit
syslogd -O /tmp/messages
start_auditd
auditd_registered || fail "write_logs = no is not registered"
auditctl -m unwritten >/dev/null
auditctl --signal state --format text >/tmp/report
expect '^writing to logs = no$' /tmp/report
expect '^records received = [1-9]' /tmp/report
expect '^lost to logging-suspended = 0$' /tmp/report
[ ! -e $log ] || fail "there is a log"
auditctl --signal stop

# no local events: the kernel is not told of it, its own records are written, and its signals work
conf 'local_events = no\nnum_logs = 3'
auditd || fail "local_events = no: $?"
until_true 30 auditd_runs || fail "local_events = no"
pid=$(auditd_pid)
logged 'type=DAEMON_START'
[ "$(kernel_pid)" = 0 ] || fail "local_events = no is registered"
auditctl -m 'not for us' >/dev/null
sh -c "echo 1000 >/proc/self/loginuid; kill -USR1 $pid; sleep 1"
logged 'type=DAEMON_ROTATE .*auid=1000 .*res=success'
sh -c "echo 1000 >/proc/self/loginuid; kill -HUP $pid; sleep 1"
logged 'type=DAEMON_CONFIG .*state=changed auid=1000 '
kill -CONT "$pid"
until_true 30 test -s /run/audit/auditd.state || fail "no report"
kill -TERM "$pid"
until_true 30 auditd_gone "$pid" || fail "it does not end"
refuse 'not for us' $log
expect 'type=DAEMON_END' $log

# a check says what the start would find: a log on a mount that is read-only, or a link in its place
conf 'log_file = /var/log/there/audit.log'
mkdir -m 700 /var/log/there
mount -t tmpfs -o mode=700 tmpfs /var/log/there
auditd --check-config >/dev/null || fail "a log that can be written"
mount -o remount,ro /var/log/there
finds() { # WHAT
	auditd --check-config >/dev/null 2>/tmp/err && fail "$1: the check finds nothing"
	expect "/var/log/there/audit.log cannot be written: /var/log/there.* is $1\$" /tmp/err
	expect '^Refused: /etc/audit/auditd.conf, line [1-9][0-9]*, key log_file$' /tmp/err
	auditd 2>/dev/null && fail "$1: and it starts"
}
finds 'on a read-only file system'
mount -o remount,rw,nr_inodes=1 /var/log/there
finds 'out of inodes'
umount /var/log/there
: >/var/log/there/audit.log
mount --bind /var/log/there/audit.log /var/log/there/audit.log
mount -o remount,bind,ro /var/log/there/audit.log
finds 'on a read-only file system'
umount /var/log/there/audit.log
mv /var/log/there/audit.log /var/log/there/other && ln -s other /var/log/there/audit.log
finds 'a symbolic link'
rm /var/log/there/audit.log && mkdir /var/log/there/audit.log.1
finds 'no log of root.s'
rm -r /var/log/there

# a directory that is missing is made for root alone, with what leads to it; one that others may write to is refused
conf 'log_file = /var/log/new/deep/audit.log'
start_auditd
until_true 30 grep -qs 'type=DAEMON_START' /var/log/new/deep/audit.log || fail "no log in a new directory"
[ "$(stat -c '%a %U' /var/log/new/deep)" = '700 root' ] || fail "$(stat -c '%a %U' /var/log/new/deep)"
auditctl --signal stop
chmod 777 /var/log/new
auditd 2>/tmp/err && fail "a log where everybody may put things"
[ "$(kernel_pid)" = 0 ] || fail "the kernel has a daemon"
chmod 755 /var/log/new

# standard output as the log, by the configuration and by the word; and a reader that went away
conf 'log_file = -'
auditd -n >/tmp/stream & pid=$!
until_true 30 grep -qs 'type=DAEMON_START' /tmp/stream || fail "log_file = -: nothing on standard output"
until_true 30 auditd_registered || fail "log_file = -: not registered"
auditctl -m streamed >/dev/null
until_true 30 grep -qs streamed /tmp/stream || fail "log_file = -: no event"
auditctl --signal stop
expect 'type=DAEMON_END' /tmp/stream
[ ! -e $log ] || fail "there is a log beside standard output"
conf ''
auditd --stdout >/tmp/stream 2>/tmp/err & pid=$!
until_true 30 grep -qs 'type=DAEMON_START' /tmp/stream || fail "--stdout: nothing on standard output"
until_true 30 auditd_registered || fail "--stdout: $(cat /tmp/err)"
auditctl --signal stop
mkfifo /tmp/pipe
auditd --stdout >/tmp/pipe 2>/tmp/err & pid=$!
head -n 1 /tmp/pipe >/tmp/first
expect 'type=DAEMON_START' /tmp/first
until_true 30 auditd_registered || fail "--stdout into a pipe: $(cat /tmp/err)"
auditctl -m 'nobody reads this' >/dev/null
auditctl -m 'nor this' >/dev/null
sleep 2
auditd_gone $pid && fail "a reader that went away ended the daemon: $(cat /tmp/err)"
auditctl --signal state --format text >/tmp/report
expect '^lost to disk-error = [1-9]' /tmp/report
auditctl --signal stop

# a reader that stopped reading: what it does not take within a second is lost and told, and the daemon still hears signals
sh -c 'exec 3</tmp/pipe; read -r line <&3; kill -STOP $$; cat <&3 >/tmp/rest' & reader=$!
auditd --stdout >/tmp/pipe 2>/tmp/err & pid=$!
until_true 30 grep -q 'Init complete' /tmp/err || fail "--stdout into a pipe: $(cat /tmp/err)"
n=0; while [ $n -lt 150 ]; do auditctl -m "message $n $(printf "%0900d" $n)" >/dev/null; n=$((n + 1)); done
auditctl --signal state --format text >/tmp/report || fail "a reader that takes nothing keeps the daemon from its signals"
expect '^lost to disk-error = [1-9]' /tmp/report
kill -CONT $reader
sleep 1
auditctl -m 'taken again' >/dev/null
until_true 30 grep -qs 'taken again' /tmp/rest || fail "the reader gets nothing any more"
auditctl --signal stop
expect 'type=DAEMON_ERR .*op=lost-events cause=disk-error count=[1-9]' /tmp/rest
refuse '^[^t]' /tmp/rest # every line is a whole one, from its type on
