SUMMARY = "Linux audit daemon and its tools in one small static binary"
DESCRIPTION = "auditd, auditctl, augenrules, ausearch, aureport and what belongs to them, without libraries"
HOMEPAGE = "https://localhost/auditbox"
SECTION = "admin"
LICENSE = "GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://LICENSE;md5=b234ee4d69f5fce4486a80fdaf4a4263"

# `make source` in auditbox writes the archive and auditbox-crates.inc, which lies beside this file; after a change of Cargo.lock
# `bitbake -c update_crates auditbox` writes it anew.
SRC_URI = "file://auditbox-${PV}.tar.gz"
require auditbox-crates.inc

inherit bash-completion cargo cargo-update-recipe-crates systemd update-rc.d

CARGO_BUILD_FLAGS:append = " --locked"
# Flags of the environment replace those of .cargo/config.toml.
RUSTFLAGS:append = " -C target-feature=+crt-static -C panic=abort"
export CARGO_PROFILE_RELEASE_STRIP = "none"

# An auditbox that runs on the machine that builds (`make build` in auditbox) fits the rules; x86_64 needs none.
AUDITBOX_OWN ?= "-"
STYLES = "${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'systemd', '', d)} ${@bb.utils.contains('DISTRO_FEATURES', 'sysvinit', 'sysvinit', '', d)}"

do_install() {
    DESTDIR=${D} PREFIX=${prefix} SBIN=${sbindir} ${S}/init/install ${B}/target/${CARGO_TARGET_SUBDIR}/auditbox ${AUDITBOX_OWN} ${STYLES}
    rm -rf ${D}${localstatedir}/log
}

SYSTEMD_SERVICE:${PN} = "auditd.service audit-rules.service"
# Before its program is gone. The daemon refuses systemctl's stop, so that its log can name who stopped it.
pkg_prerm:${PN}() {
    if [ -z "$D" ] && [ "$1" != upgrade ] && [ -e "/proc/$(cat /run/audit/auditd.pid 2>/dev/null)/exe" ]; then
        auditctl --signal stop || true
    fi
}

INITSCRIPT_NAME = "auditd"
INITSCRIPT_PARAMS = "start 02 2 3 4 5 . stop 98 0 1 6 ."

FILES:${PN} += "${prefix}/lib/systemd ${prefix}/lib/tmpfiles.d /usr/libexec ${datadir}/audit-rules ${datadir}/fish ${datadir}/zsh"
CONFFILES:${PN} = "${sysconfdir}/audit/*.conf ${sysconfdir}/audit/audit-stop.rules ${sysconfdir}/audit/plugins.d/*.conf ${sysconfdir}/audit/rules.d/*.rules"
RPROVIDES:${PN} = "auditd"
RCONFLICTS:${PN} = "auditd"
