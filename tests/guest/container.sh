#!/bin/sh
# README's container: an image FROM scratch that holds the binary alone. The lines of docker are README's own; what is called
# docker here does what they ask for with namespaces and chroot, as far as those go.
# guest: -t 240
. /steps
rm -rf /etc/audit/plugins.d

# docker run [OPTIONS] IMAGE WORDS
docker() {
	shift
	image=$(mktemp -d) volumes='' process='-p -f' network='-n' is_detached=
	cp /sbin/auditbox "$image/auditbox"
	while :; do
		case $1 in
		--rm) ;;
		-d) is_detached=yes ;;
		-v) shift && volumes="$volumes $1" ;;
		--pid) shift && process= ;;
		--network) shift && network= ;;
		--cap-add) shift ;;
		*) break ;;
		esac
		shift
	done
	shift
	set -- "$image" "$volumes" "$@"
	# shellcheck disable=SC2016,SC2086
	${is_detached:+setsid} unshare -m $process $network sh -c '
		root=$1 volumes=$2
		shift 2
		mkdir "$root/proc" "$root/dev" && mount -t proc proc "$root/proc" && mount -o bind /dev "$root/dev" || exit 125
		for volume in $volumes; do
			IFS=: read -r from to how <<-V
				$volume
			V
			[ -e "$from" ] || mkdir -p "$from"
			mkdir -p "$root/${to%/*}"
			if [ -d "$from" ]; then mkdir -p "$root$to"; else : >"$root$to"; fi
			mount -o bind "$from" "$root$to" || exit 125
			[ -z "$how" ] || mount -o "remount,bind,$how" "$root$to" || exit 125
		done
		exec chroot "$root" /auditbox "$@"
	' docker "$@" </dev/null
}

# The daemon of the host, and a container that reads its log.
configure
start_auditd
auditctl -w /etc/passwd -p wa -k identity 2>/dev/null
echo '#' >>/etc/passwd
logged 'type=SYSCALL .*key="identity"'
docker run --rm -v /var/log/audit:/var/log/audit:ro -v /etc/passwd:/etc/passwd:ro auditbox ausearch -k identity -i >/tmp/out || fail "ausearch in a container: $?"
expect 'type=PATH .*name=/etc/passwd' /tmp/out
expect 'uid=root .*key=identity' /tmp/out
auditctl -D >/dev/null
stop_auditd

# The daemon in a container, which has no group, no shell, nothing but its files. The host speaks to it.
rm -rf /var/log/audit/* /run/audit
cp /usr/src/auditbox/init/auditd.conf /etc/audit/auditd.conf
docker run -d --pid host --network host --cap-add AUDIT_CONTROL --cap-add SYS_NICE \
    -v /etc/audit:/etc/audit:ro -v /run/audit:/run/audit -v /var/log/audit:/var/log/audit auditbox auditd -n >/tmp/daemon 2>&1 &
until_true 30 auditd_runs || fail "no daemon in the container: $(cat /tmp/daemon)"
logged 'type=DAEMON_START .*res=success'
until_true 30 auditd_registered || fail "the kernel has another daemon"
auditctl -m 'from the host' >/dev/null
logged 'type=USER .*from the host'
auditctl --signal reload || fail "reload: $?"
logged 'type=DAEMON_CONFIG .*state=changed'
echo 'num_logs = many' >>/etc/audit/auditd.conf
auditctl --signal reload 2>/tmp/said && fail "a broken file is taken"
expect 'Value many should only be numbers' /tmp/said
auditctl --signal stop || fail "stop: $?"
expect 'type=DAEMON_END .*res=success' $log
