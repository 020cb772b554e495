// What makes the installed Debian a machine of Mimic's: its few settings, as files of the new system. Each stands where
// Debian looks for the owner's own settings, never in a file that belongs to a package.
import { SAY_SHELL_ENDED } from "@mimic/base";
import type { DatabaseFile } from "./dpkg-database.ts";
import { seedReader } from "./seed-reader.ts";

export interface Target {
  /** Of the root file system: how the system finds its disk, whatever that is plugged into. */
  readonly uuid: string;
  readonly suite: string;
  readonly user: string;
}

/**
 * Logged in without a password on the screen, the serial console and the shell channel: whoever reaches one of them
 * came through Mimic's own door and owns the machine, and the user has no password that could be asked for.
 */
const autologin = (user: string): string => `[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin ${user} --noclear --keep-baud 115200,57600,38400,9600 - $TERM
`;
const autologinScreen = (user: string): string => `[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin ${user} --noclear - $TERM
`;

/** Every machine made from the image gets keys of its own, at its first start; no RSA key, which takes an emulated processor a minute. */
const HOST_KEYS = `[Unit]
Description=Make this machine's own SSH host keys
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
Before=ssh.service

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
ExecStart=/usr/bin/ssh-keygen -q -t ecdsa -N "" -f /etc/ssh/ssh_host_ecdsa_key

[Install]
WantedBy=multi-user.target
`;

/** With the network's own domain, so that its machines are found by their bare names. */
const NETWORK = `[Match]
Name=en* eth*

[Network]
DHCP=yes

[DHCPv4]
ClientIdentifier=mac
UseDomains=yes

[IPv6AcceptRA]
UseDomains=yes
`;

/** A machine without a network card starts without the network's services; a card that comes later brings them. */
const WITH_CARD = `[Unit]
ConditionPathExistsGlob=/sys/class/net/e*
`;
const CARD_BRINGS_NETWORK =
  'ACTION=="add", SUBSYSTEM=="net", KERNEL=="e*", TAG+="systemd", ENV{SYSTEMD_WANTS}+="systemd-networkd.service systemd-resolved.service"\n';
/**
 * A login on the shell's console. systemd's own generator looks once, early, and the console's driver may not have come by
 * then; a device that brings its login has none of that luck, and none of the waiting where a machine has no such console.
 */
const SHELL_BRINGS_LOGIN =
  'ACTION=="add", SUBSYSTEM=="tty", KERNEL=="hvc0", TAG+="systemd", ENV{SYSTEMD_WANTS}+="serial-getty@hvc0.service"\n';

const GRUB = `# Both consoles see the start; no wait, since nobody chooses.
GRUB_TIMEOUT=0
GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200"
GRUB_TERMINAL=console
GRUB_GFXPAYLOAD_LINUX=text
GRUB_DISABLE_OS_PROBER=true
`;

/** The disk may be plugged into any of the buses that a machine can have, so all their drivers come along, and no others. */
const INITRAMFS_MODULES = `virtio_pci
virtio_blk
virtio_scsi
ahci
ata_piix
nvme
sd_mod
sr_mod
ext4
`;

const sources = (suite: string): string => `Types: deb
URIs: http://deb.debian.org/debian
Suites: ${suite} ${suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: ${suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

const text = new TextEncoder();
const file = (path: string, body: string, mode = 0o644): DatabaseFile => ({ path, mode, body: text.encode(body) });

export function systemFiles({ uuid, suite, user }: Target): DatabaseFile[] {
  return [
    file("etc/fstab", `UUID=${uuid} / ext4 errors=remount-ro 0 1\n`),
    file("etc/hostname", "debian\n"),
    file("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 debian\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n"),
    file("etc/default/locale", "LANG=C.UTF-8\n"),
    file("etc/apt/sources.list.d/debian.sources", sources(suite)),
    file("etc/systemd/network/80-mimic.network", NETWORK),
    file("etc/systemd/system/serial-getty@.service.d/mimic.conf", autologin(user)),
    file("etc/systemd/system/getty@tty1.service.d/mimic.conf", autologinScreen(user)),
    file("etc/systemd/system/mimic-host-keys.service", HOST_KEYS),
    file("etc/default/grub.d/mimic.cfg", GRUB),
    file("etc/initramfs-tools/conf.d/mimic", "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n"),
    file("usr/share/initramfs-tools/modules.d/mimic", INITRAMFS_MODULES),
    ...["networkd", "networkd-wait-online", "resolved"].map((name) =>
      file(`etc/systemd/system/systemd-${name}.service.d/mimic.conf`, WITH_CARD),
    ),
    file("etc/udev/rules.d/80-mimic-network.rules", CARD_BRINGS_NETWORK),
    file("etc/udev/rules.d/80-mimic-shell.rules", SHELL_BRINGS_LOGIN),
    file("etc/profile.d/mimic-shell.sh", `${SAY_SHELL_ENDED}\n`),
    file("etc/sudoers.d/mimic", `${user} ALL=(ALL:ALL) NOPASSWD: ALL\n`, 0o440),
    ...seedReader.map(({ path, body, mode }) => file(path, body, mode)),
  ];
}

/** Only while it is installed; `clean` in the guest's script removes them. */
export function passingFiles(): DatabaseFile[] {
  return [
    // Services are not started while the system is put together (invoke-rc.d(8)).
    file("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755),
    // Where keys are, none are made: they would be the same in every machine.
    ...["rsa", "ecdsa", "ed25519"].map((kind) => file(`etc/ssh/ssh_host_${kind}_key`, "", 0o600)),
  ];
}
