#!/bin/sh
# What `auditctl --check` and `--explain` say of links and of inode!= is so in the kernel: links on the way to a directory are
# followed and one at its end is not, unless a slash follows; a rule with inode!= is one for calls, for which any of their files will do.
# guest: quick
. /steps
configure
start_auditd
mkdir -p /tmp/real /tmp/other/sub
ln -s ../other /tmp/real/link
: >/tmp/other/file
: >/tmp/other/sub/file
auditctl -a always,exclude -F msgtype=PROCTITLE

# over WHAT: waits until all that was done is in the log
over() {
	auditctl -m "$1 is over"
	logged "$1 is over"
}
# sees KEY DIRECTORY: a rule for it, and what is done about each file
sees() {
	auditctl -D >/dev/null
	auditctl -a always,exit -F arch=b64 -S open,openat,readlink -F dir="$2" -k "$1" || fail "no rule for $2"
	cat /tmp/real/link/file /tmp/real/link/sub/file
	readlink /tmp/real/link >/dev/null
}
sees whole /tmp/real
sees link /tmp/real/link
sees slash /tmp/real/link/
sees through /tmp/real/link/sub
auditctl -D >/dev/null
over links
awk '/type=SYSCALL/ { id = $2; key = $NF }
/type=PATH/ && $2 == id { gsub(/"/, "", $4); gsub(/"/, "", key); sub(/name=/, "", $4); print substr(key, 5), $4 }' $log |
	grep -E '^(whole|link|slash|through) /tmp/real/link' >/tmp/seen
cat >/tmp/wanted <<-X
	whole /tmp/real/link
	link /tmp/real/link
	slash /tmp/real/link/file
	slash /tmp/real/link/sub/file
	through /tmp/real/link/sub/file
X
diff /tmp/wanted /tmp/seen || fail "the kernel sees other files"

# found CODE LINE...: whether the lines are found to be so
found() {
	code=$1
	shift
	printf '%s\n' "$@" | auditctl --check --format compact - | grep -q "$code"
}
rule="-a always,exit -S all -F dir"
found AB202 "$rule=/tmp/real -k a" "$rule=/tmp/real/link -k b" || fail "the link is not below its directory"
! found AB202 "$rule=/tmp/real -k a" "$rule=/tmp/real/link/sub -k b" || fail "what a link leads to is called redundant"
found AB403 "$rule=/tmp/real/link -k a" || fail "a link is not found"
! found AB403 "$rule=/tmp/real/link/ -k a" || fail "a link that is followed is found"
# The directory that the guest shares with the machine around it is one of the network.
found AB401 "$rule=/out -k a" || fail "a file system that is mounted late is not found"

# explained CASE COMMAND...: the key under which what the command does is logged is that which is explained
explained() {
	auditctl -D >/dev/null
	auditctl -R /tmp/rules >/dev/null || fail "$1: no rules"
	case=$1
	shift
	over "before $case"
	"$@" || fail "$case"
	auditctl -D >/dev/null
	over "$case"
	sed "1,/before $case is over/d" $log >/tmp/after
	event=$(sed -n '/type=PATH.*name="\/tmp\/other\/[a-z]*"/s/.* msg=\([^ ]*\) .*/\1/p' /tmp/after | head -n 1)
	grep -F "msg=$event" /tmp/after >/tmp/event
	key=$(sed -n 's/^type=SYSCALL.* key=//p' /tmp/event)
	auditctl --explain /tmp/rules </tmp/event >/tmp/said
	case $key in
	'(null)') tail -n 1 /tmp/said | grep -q 'recorded$' ;;
	*) tail -n 1 /tmp/said | grep -q "with key $(echo "$key" | tr -d '"')\$" ;;
	esac || { cat /tmp/event /tmp/said; fail "$case: the key was $key"; }
}
inode=$(stat -c %i /tmp/other/sub/file)
printf '%s\n' "-a always,exit -S all -F inode!=$inode -F perm=rwa" '-a always,exit -S all -F perm=rwa -k calls' >/tmp/rules
explained nokey cat /tmp/other/file
[ "$key" = '(null)' ] || fail "the rule without a key did not decide: $key"
printf '%s\n' '-w /tmp/other/file -p wa -k file' "-a always,exit -S all -F inode!=$inode -F perm=wa -k others" >/tmp/rules
explained order ln /tmp/other/file /tmp/other/new
[ "$key" = '"file"' ] || fail "the rule for the file did not decide: $key"
