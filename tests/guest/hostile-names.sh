#!/bin/sh
# What a user chooses to connect to is written into the log and read again as what it is: it makes no line of the log, and no
# name in one.
# guest: quick
. /steps

# connect: a program of 173 bytes for x86_64 that connects a stream socket to the address it reads. ELF header, program header,
# and the calls socket(AF_UNIX, SOCK_STREAM, 0), read(0, address, 110), connect(socket, address, length), exit(0).
printf '\177\105\114\106\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0\1\0\0\0\170\0\100\0\0\0\0\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\70\0\1\0\100\0\0\0\0\0' >/bin/connect
printf '\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\100\0\0\0\0\0\255\0\0\0\0\0\0\0\255\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0' >>/bin/connect
printf '\152\51\130\152\1\137\152\1\136\61\322\17\5\211\303\61\300\61\377\110\201\354\200\0\0\0\110\211\346\262\156\17\5\211\302\211\337\110\211\346\260\52\17\5\270\74\0\0\0\61\377\17\5' >>/bin/connect
chmod 755 /bin/connect

configure log_format=ENRICHED
start_auditd
auditctl -a always,exit -F arch=b64 -S connect -k net >/dev/null
forged='type=USER_LOGIN msg=audit(1.000:1): uid=0 res=success'
as alice "printf '\\001\\000/tmp/a\\n$forged' | connect"
as alice "printf '\\001\\000\\000/tmp/b\\035SADDR={ x }\"\\033[2J\\n$forged' | connect"
auditctl -m last >/dev/null
logged 'type=USER .*last'

grep -v '^type=' $log && fail 'a line of the log is nobody'\''s'
refuse '^type=USER_LOGIN' $log
expect 'SADDR=\{ saddr_fam=local path=/tmp/a\\012type=USER_LOGIN msg=audit\(1.000:1\): uid=0 res=success \}$' $log
expect 'SADDR=\{ saddr_fam=local path=/tmp/b\\035SADDR=\\173 x \\175\\042\\033\[2J\\012type=USER_LOGIN' $log
tr -dc '\1-\11\13-\34\36-\37\177' <$log >/tmp/control
[ ! -s /tmp/control ] || fail "control bytes in the log: $(od -c /tmp/control)"
[ "$(grep -c "$(printf '\035').*$(printf '\035')" $log)" = 0 ] || fail 'names begin twice in a line'

# Read with the names and without them it says the same, and nothing of it reaches a terminal.
ausearch -m USER_LOGIN >/tmp/found 2>&1 && fail "a forged login is found: $(cat /tmp/found)"
sed "s/$(printf '\035').*//" $log >/tmp/raw
for format in default interpret csv text; do
	[ $format = interpret ] && words=-i || words="--format $format"
	# shellcheck disable=SC2086  # options are several words
	ausearch $words -if $log >/tmp/with </dev/null || fail "ausearch $words: $?"
	# shellcheck disable=SC2086
	ausearch $words -if /tmp/raw >/tmp/without </dev/null || fail "ausearch $words without names: $?"
	cmp /tmp/with /tmp/without || fail "$format: $(diff /tmp/with /tmp/without | head -n 4)"
	tr -dc '\1-\11\13-\37\177' </tmp/with >/tmp/control
	[ ! -s /tmp/control ] || fail "control bytes in format $format: $(od -c /tmp/control)"
done
ausearch -i -m SOCKADDR >/tmp/found
expect 'saddr=\{ saddr_fam=local path=/tmp/a\\012type=USER_LOGIN' /tmp/found
stop_auditd
echo 'one line a record, whatever the name'
