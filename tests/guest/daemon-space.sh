#!/bin/sh
# space_left and admin_space_left with each of their actions, on a disk that is filled and freed again: what is done, when
# it is done again, and that no record goes missing.
# guest: -t 900
. /steps

# little_room SPACE_LEFT_ACTION ADMIN_ACTION [KEY=VALUE...]: a daemon on a disk of 8 MiB that will be short below 4 and 2
little_room() {
	log_disk tmpfs 8192
	left=$1 admin=$2
	shift 2
	configure space_left=4 admin_space_left=2 "space_left_action=$left" "admin_space_left_action=$admin" "$@"
	rm -f /tmp/mail /tmp/helper /tmp/runlevel
	: >/tmp/messages
	start_auditd
	audit_calls
	made=0
}
# the first stage, and the second; and none
low() { fill 5000; make 30; }
lower() { fill 7000; make 30; }
relieved() { rm $filler; make 30; sleep 1; }
make() { calls "$1"; made=$((made + $1)); drained; }
acted() { state file_system_space_action_performed "$1"; state admin_space_action_performed "$2"; }
resumed() {
	auditctl --signal resume
	logged 'type=DAEMON_RESUME'
	state logging_suspended false
}
# ends: nothing is missing
ends() {
	accounted $made
	stop_auditd
}

start_syslog
mkdir -p /usr/lib
printf '#!/bin/sh\n{ echo "$@"; cat; } >/tmp/mail.$$\ncat /tmp/mail.$$ >>/tmp/mail\n' >/usr/lib/sendmail # a mail is there whole
printf '#!/bin/sh\necho "$# words" >>/tmp/helper\n' >/sbin/helper
rm -f /sbin/init
printf '#!/bin/sh\necho "$1" >>/tmp/runlevel\n' >/sbin/init
chmod 755 /usr/lib/sendmail /sbin/helper /sbin/init

# ignored: both stages are taken, and nothing else happens
little_room IGNORE IGNORE
low
acted true false
lower
acted true true
relieved
[ "$(ledger)" = 0 ] || fail "records are lost"
refuse 'low on disk space' /tmp/messages
ends

# told: once a stage, with what comes next, and again after there was room
little_room SYSLOG SYSLOG disk_full_action=SUSPEND
low
first='low on disk space for logging\. If the admin space left threshold is reached, audit will syslog\. If the disk becomes full, audit will suspend\.$'
second='low on disk space for logging\. If the disk becomes full, audit will suspend\.$'
told "$first" 1
make 30
lower
told "$second" 1
told "$first" 1
relieved
acted false false
low
told "$first" 2
ends

# rotated: again and again while room is short
little_room ROTATE IGNORE num_logs=3
low
until_true 30 test -f $log.1 || fail "no rotation"
make 30
until_true 30 test -f $log.2 || fail "no second rotation"
[ "$(ledger)" = 0 ] || fail "records are lost"
relieved
stop_auditd

# mail: once a stage, and again only after a resume or a reload that has to do with room
little_room EMAIL EMAIL action_mail_acct=bob
mails() { [ "$(grep -c '^Subject: ' /tmp/mail 2>/dev/null)" = "$1" ]; }
low
until_true 30 mails 1 || fail "no mail"
for line in '-t -fbob' 'To: bob' 'From: root' 'Subject: Audit Disk Space Alert' \
	'If the admin space left threshold is reached, audit will email. If the disk becomes full, audit will ignore.'; do
	grep -qxF -e "$line" /tmp/mail || fail "no line '$line' in the mail: $(cat /tmp/mail)"
done
lower
until_true 30 mails 2 || fail "no second mail"
expect '^Subject: Audit Admin Space Alert$' /tmp/mail
relieved
lower
sleep 1
mails 2 || fail "mail after room returned: $(cat /tmp/mail)"
resumed
make 30
until_true 30 mails 4 || fail "no mail after a resume: $(cat /tmp/mail)"
sed -i 's/^space_left = 4/space_left = 5/' $conf
auditctl --signal reload
logged 'state=changed'
until_true 30 mails 6 || fail "no mail after a reload: $(cat /tmp/mail)"
rm /usr/lib/sendmail
auditctl --signal resume
make 30
told "Error - /usr/lib/sendmail isn't executable"
ends

# a helper runs without words, and nothing is written until resumed; a resume without room runs it again
little_room 'EXEC /sbin/helper' IGNORE
low
until_true 30 test -s /tmp/helper || fail "no helper"
state logging_suspended true
make 30
auditctl --signal resume
logged 'type=DAEMON_RESUME'
make 30
state logging_suspended true
until_true 30 prints 0words0words cat /tmp/helper || fail "helpers: $(cat /tmp/helper)"
rm $filler
resumed
make 30
ends

# suspended by the second stage: what comes meanwhile is in the ledger
little_room IGNORE SUSPEND
low
state logging_suspended false
lower
told 'suspending logging due to low disk space\.$' 1
state logging_suspended true
make 300
rm $filler
make 30
resumed
[ "$(ledger logging-suspended)" -ge 330 ] || fail "$(ledger logging-suspended) lost while suspended, not 330 and more"
state lost_to_logging_suspended "$(ledger logging-suspended)"
make 30
ends

# the end of the system is asked for once; what is no terminal is not written to, whoever is said to be logged in there
printf '\007\000\000\000\000\000\000\000seat' >/run/utmp
dd if=/dev/zero bs=1 count=372 2>/dev/null >>/run/utmp
: >/dev/seat
little_room SINGLE HALT
low
until_true 30 test -s /tmp/runlevel || fail "no change of the runlevel"
told 'is now changing the system to single user mode and exiting due to low disk space$' 1
[ ! -s /dev/seat ] || fail "a file was taken for a terminal: $(cat /dev/seat)"
make 30
lower
told 'is now halting the system and exiting due to low disk space$' 1
until_true 30 prints 10 cat /tmp/runlevel || fail "runlevels asked for: $(cat /tmp/runlevel)"
relieved
ends
rm /run/utmp

# degraded: priority events are kept, what is shed is counted, and it ends by itself
little_room DEGRADE IGNORE priority_keys=keep,other
auditctl -a always,exit -F arch=b64 -S chmod -F auid=7777 -k keep
fill 5000
calls 30
told 'keeps only events with a priority key\.$' 1
state keeping_priority_events_only true
calls 300
sh -c 'echo 7777 >/proc/self/loginuid; : >/tmp/f; chmod 600 /tmp/f'
logged 'type=SYSCALL .*key="keep"'
rm $filler
told 'keeps all events again\.$' 1
all_shed() { [ "$(ledger degraded)" = $((330 - $(kept))) ]; }
until_true 30 all_shed || fail "$(ledger degraded) shed and $(kept) kept are not 330"
[ "$(ledger degraded)" -ge 300 ] || fail "only $(ledger degraded) shed"
state lost_to_degraded "$(ledger degraded)"
calls 30
accounted 360
stop_auditd
