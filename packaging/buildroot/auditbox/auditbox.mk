################################################################################
#
# auditbox
#
################################################################################

AUDITBOX_VERSION = 0.1.0
# `make source` in auditbox writes the archive; a local directory works too: AUDITBOX_OVERRIDE_SRCDIR in local.mk.
AUDITBOX_SITE = $(BR2_DL_DIR)/auditbox
AUDITBOX_SITE_METHOD = file
AUDITBOX_LICENSE = GPL-2.0-or-later
AUDITBOX_LICENSE_FILES = LICENSE

# Flags of the environment replace those of .cargo/config.toml, and Buildroot's own for arm.
AUDITBOX_CARGO_ENV = \
	CARGO_TARGET_$(subst -,_,$(call UPPERCASE,$(RUSTC_TARGET_NAME)))_RUSTFLAGS="-C target-feature=+crt-static -C panic=abort$(if $(filter arm,$(NORMALIZED_ARCH)), -C link-arg=-Wl$(comma)--allow-multiple-definition)"
# Without it BR2_ENABLE_DEBUG would build another file.
AUDITBOX_CARGO_BUILD_OPTS = $(if $(BR2_ENABLE_DEBUG),--release)
# An auditbox that runs on the machine that builds (`make build` in auditbox) fits the rules; x86_64 needs none.
AUDITBOX_OWN ?= -

AUDITBOX_PROGRAM = $(@D)/target/$(RUSTC_TARGET_NAME)/release/auditbox
AUDITBOX_STYLES = $(if $(BR2_INIT_SYSTEMD),systemd,$(if $(BR2_INIT_OPENRC),openrc,$(if $(BR2_INIT_NONE),,busybox)))

define AUDITBOX_INSTALL_TARGET_CMDS
	! $(TARGET_READELF) -l $(AUDITBOX_PROGRAM) | grep -q INTERP
	DESTDIR=$(TARGET_DIR) $(@D)/init/install $(AUDITBOX_PROGRAM) $(AUDITBOX_OWN) $(AUDITBOX_STYLES)
endef

# The target directory is filled by whoever builds; the file system image gets these.
define AUDITBOX_PERMISSIONS
	/etc/audit d 750 0 0 - - - - -
	/etc/audit/rules.d d 750 0 0 - - - - -
	/etc/audit/plugins.d d 750 0 0 - - - - -
	/etc/audit/auditd.conf f 640 0 0 - - - - -
	/etc/audit/audit-stop.rules f 640 0 0 - - - - -
	/etc/audit/audisp-filter.conf f 640 0 0 - - - - -
	/etc/audit/audisp-remote.conf f 640 0 0 - - - - -
	/etc/audit/audisp-statsd.conf f 640 0 0 - - - - -
	/etc/audit/plugins.d/af_unix.conf f 640 0 0 - - - - -
	/etc/audit/plugins.d/au-remote.conf f 640 0 0 - - - - -
	/etc/audit/plugins.d/au-statsd.conf f 640 0 0 - - - - -
	/etc/audit/plugins.d/filter.conf f 640 0 0 - - - - -
	/etc/audit/plugins.d/json.conf f 640 0 0 - - - - -
	/etc/audit/plugins.d/syslog.conf f 640 0 0 - - - - -
	/var/log/audit d 700 0 0 - - - - -
endef

define AUDITBOX_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_NET)
	$(call KCONFIG_ENABLE_OPT,CONFIG_AUDIT)
endef

$(eval $(cargo-package))
