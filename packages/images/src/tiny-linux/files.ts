// The tiny Linux's own few files: how it starts, its consoles, its services. Under emulation every program
// that is started costs about ten milliseconds, so the way to the agent starts as few as possible.
import { SAY_SHELL_ENDED } from "@mimic/base";

export interface OwnFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** Loaded before anything else runs, so that a machine that answers has its disks (later is no faster: one processor does both). */
export const MODULES: readonly string[] = [
  "virtio_pci",
  "virtio_console",
  "virtio_blk",
  "virtio_rng",
  "virtio_scsi",
  "sd_mod",
  "sr_mod",
  "virtio_net",
  "virtio_balloon",
  "virtio_mem",
  "evdev",
  "button",
];

/** There when asked for (mount, hot-plug, `modprobe`), not loaded at the start. */
export const MORE_MODULES: readonly string[] = [
  "isofs",
  "vfat",
  "nls_cp437",
  "nls_ascii",
  "nls_iso8859_1",
  "nls_utf8",
  "exfat",
  "ext4",
  "overlay",
  "squashfs",
  "loop",
  "ata_piix",
  "ata_generic",
  "ahci",
  "nvme",
  "fuse",
  "virtiofs",
  "virtio_input",
  "qemu_fw_cfg",
  "8139cp",
  "8139too",
  "pcnet32",
  "ne2k_pci",
  "e1000",
  "e1000e",
  "psmouse",
  // What Debian's kernel for real computers has, and the one for clouds has not.
  "virtio_gpu",
  "bochs",
  "xhci_pci",
  "ehci_pci",
  "uhci_hcd",
  "usb_storage",
  "uas",
  "usbhid",
  "hid_generic",
  "joydev",
  "mousedev",
  "snd_hda_intel",
  "snd_hda_codec_generic",
  "snd_intel8x0",
  "snd_sb16",
  "snd_opl3_synth",
  "snd_pcm_oss",
  "floppy",
  "dm_mod",
  "dm_crypt",
];

const INIT = `#!/bin/sh
# First program of the tiny Linux: file systems, drivers, name; then busybox init takes over.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t devtmpfs dev /dev
mkdir /dev/pts /dev/shm
mount -a
modprobe -a ${MODULES.join(" ")} 2>/dev/null
read -r line < /proc/cmdline
name=tiny
for word in $line; do
  case $word in mimic.hostname=*) name=\${word#*=} ;; esac
done
echo "$name" > /proc/sys/kernel/hostname
echo "$name" > /etc/hostname
echo "127.0.0.1 localhost $name" > /etc/hosts
{
  echo '::respawn:/lib/mimic/agent'
  [ -x /lib/mimic/identity ] && echo '::respawn:/lib/mimic/identity'
  echo 'tty1::respawn:-/bin/sh'
  [ -c /dev/hvc0 ] && echo 'hvc0::respawn:-/bin/sh'
  while read -r port kind; do
    case $kind in
      *uart:unknown*) ;;
      *uart:*) echo "ttyS\${port%:}::respawn:-/bin/sh" ;;
    esac
  done < /proc/tty/driver/serial 2>/dev/null
  for port in ttyAMA0 ttysclp0; do
    [ -c /dev/$port ] && echo "$port::respawn:-/bin/sh"
  done
  echo '::respawn:/lib/mimic/power-button'
  echo '::respawn:/sbin/uevent /lib/mimic/hotplug'
  echo '::once:/lib/mimic/coldplug'
  echo '::ctrlaltdel:/sbin/reboot'
  echo '::shutdown:/bin/umount -a -r'
} > /etc/inittab
exec /sbin/init
`;

const AGENT = `#!/bin/sh
# Finds the guest agent's channel by its name (its number depends on the machine) and serves it.
while :; do
  for file in /sys/class/virtio-ports/*/name; do
    read -r name < "$file" 2>/dev/null || continue
    [ "$name" = org.qemu.guest_agent.0 ] || continue
    port=\${file%/name}
    exec /usr/sbin/qemu-ga -m virtio-serial -p "/dev/\${port##*/}" -t /run
  done
  sleep 1
done
`;

const POWER_BUTTON = `#!/bin/sh
# The power button shuts down (busybox acpid runs /etc/acpi/PWRF/00000080).
while [ ! -e /dev/input/event0 ]; do sleep 2; done
exec /sbin/acpid -f -l /dev/null -p /run/acpid.pid
`;

const HOTPLUG = `#!/bin/sh
# Run for each change of devices; the kernel's words come as variables.
case $ACTION/$SUBSYSTEM in
  add/cpu | add/memory) [ -w "/sys$DEVPATH/online" ] && echo 1 > "/sys$DEVPATH/online" ;;
  add/net) case $INTERFACE in eth*) /lib/mimic/network "$INTERFACE" ;; esac ;;
  remove/net) rm -rf "/run/net/$INTERFACE" ;;
  add/*) [ -n "$MODALIAS" ] && modprobe -q "$MODALIAS" ;;
esac
exit 0
`;

/**
 * The agent goes first, where it has a channel: it writes its state just before it answers. One processor does both, and
 * who waits for the machine waits for the agent. A new pseudo-terminal that nobody writes to is a clock without a program.
 * PCI class 0200 is a network card, 03 a display, 0c03 USB (PCI Code and ID Assignment 1.11): drivers that are rarely needed
 * are loaded only for them.
 */
const COLDPLUG = `#!/bin/sh
for channel in /sys/class/virtio-ports/*; do
  [ -e "$channel" ] && exec 3<> /dev/ptmx
  break
done
tries=20
while [ -e /proc/self/fd/3 ] && [ ! -e /run/qga.state ] && [ $((tries -= 1)) -gt 0 ]; do
  read -r -t 0.05 -u 3 nothing
done
exec 3>&-
for card in /sys/class/net/eth*; do
  [ -e "$card" ] && /lib/mimic/network "\${card##*/}"
done
for device in /sys/bus/pci/devices/*; do
  read -r class < "$device/class"
  [ -e "$device/driver" ] && continue
  case $class in
    0x0200?? | 0x03???? | 0x0c03??) read -r alias < "$device/modalias" && modprobe -q "$alias" ;;
  esac
done
for device in /sys/bus/virtio/devices/*; do
  [ -e "$device/driver" ] || { read -r alias < "$device/modalias" && modprobe -q "$alias"; } 2>/dev/null
done
ip link set lo up
[ -e /sys/devices/system/memory/auto_online_blocks ] && echo online_movable > /sys/devices/system/memory/auto_online_blocks
exit 0
`;

/**
 * For each card once, however often it is announced: brings it up, asks for an address, and asks anew when its cable
 * was out. A shell that waits costs nothing; it looks at the carrier every two seconds without starting a program.
 */
const NETWORK = `#!/bin/sh
state=/run/net/$1
mkdir -p /run/net && mkdir "$state" 2>/dev/null || exit 0
read -r name < /proc/sys/kernel/hostname
ip link set "$1" up
(
  mkfifo "$state/never" && exec 3<> "$state/never"
  trap '[ -n "$asking" ] && kill $asking 2>/dev/null' EXIT
  asking= before=
  while [ -d "$state" ] && [ -e "/sys/class/net/$1" ]; do
    # A card that somebody switched off has no carrier to read.
    read -r carrier < "/sys/class/net/$1/carrier" || carrier=
    if [ "$carrier" = 1 ] && [ "$before" != 1 ]; then
      [ -n "$asking" ] && kill $asking 2>/dev/null
      udhcpc -f -S -i "$1" -t 5 -T 2 -A 5 -s /lib/mimic/dhcp -x hostname:"$name" > /dev/null 2>&1 &
      asking=$!
    fi
    before=$carrier
    read -r -t 2 -u 3 nothing
  done
) > /dev/null 2>&1 &
`;

const DHCP = `#!/bin/sh
case $1 in
  deconfig) ip -4 addr flush dev "$interface" ;;
  bound | renew)
    [ "$1" = renew ] || ip -4 addr flush dev "$interface"
    ip addr replace "$ip/\${mask:-24}" dev "$interface"
    [ -n "$router" ] && ip route replace default via "\${router%% *}" dev "$interface"
    {
      [ -n "$domain" ] && echo "search $domain"
      for server in $dns; do echo "nameserver $server"; done
    } > /etc/resolv.conf
    ;;
esac
`;

/** The agent of QEMU runs this for “shut down” (-P), “halt” (-H) and “restart” (-r). */
const SHUTDOWN = `#!/bin/sh
for word in "$@"; do
  case $word in
    -r) exec /sbin/reboot ;;
    -H) exec /sbin/halt ;;
  esac
done
exec /sbin/poweroff
`;

const PROFILE = `export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root EDITOR=vi PAGER=less
case $(tty) in
  /dev/tty[0-9]*) export TERM=linux ;;
  *) export TERM=\${TERM_OUTSIDE:-xterm-256color} ;;
esac
PS1='root@\\h:\\w# '
alias ll='ls -l'
${SAY_SHELL_ENDED}
cd
cat /etc/motd
`;

const MOTD = `
Welcome to the tiny Linux. You are "root" and may do anything: nothing outside
this machine can be harmed, and everything is fresh again after a restart.

  ls /        look around            top         what is running
  free -m     memory                 mount       file systems
  ip addr     network cards          ping NAME   is that machine there?
  poweroff    switch it off          busybox     all the programs there are

`;

const PASSWD = `root::0:0:root:/root:/bin/sh
nobody:*:65534:65534:nobody:/nonexistent:/bin/false
`;

const GROUP = `root:x:0:
tty:x:5:
disk:x:6:
nogroup:x:65534:
`;

const FSTAB = `proc /proc proc defaults 0 0
sys /sys sysfs defaults 0 0
devpts /dev/pts devpts gid=5,mode=620 0 0
shm /dev/shm tmpfs mode=1777 0 0
run /run tmpfs mode=0755 0 0
tmp /tmp tmpfs mode=1777 0 0
`;

const OS_RELEASE = `NAME="Tiny Linux"
ID=tiny-linux
ID_LIKE=debian
PRETTY_NAME="Tiny Linux (from Debian packages)"
HOME_URL="https://www.debian.org/"
`;

export const OWN_FILES: readonly OwnFile[] = [
  { path: "init", mode: 0o755, text: INIT },
  { path: "lib/mimic/agent", mode: 0o755, text: AGENT },
  { path: "lib/mimic/power-button", mode: 0o755, text: POWER_BUTTON },
  { path: "lib/mimic/hotplug", mode: 0o755, text: HOTPLUG },
  { path: "lib/mimic/coldplug", mode: 0o755, text: COLDPLUG },
  { path: "lib/mimic/network", mode: 0o755, text: NETWORK },
  { path: "lib/mimic/dhcp", mode: 0o755, text: DHCP },
  { path: "sbin/shutdown", mode: 0o755, text: SHUTDOWN },
  { path: "etc/acpi/PWRF/00000080", mode: 0o755, text: "#!/bin/sh\nexec /sbin/poweroff\n" },
  { path: "etc/profile", mode: 0o644, text: PROFILE },
  { path: "etc/motd", mode: 0o644, text: MOTD },
  { path: "etc/passwd", mode: 0o644, text: PASSWD },
  { path: "etc/group", mode: 0o644, text: GROUP },
  { path: "etc/fstab", mode: 0o644, text: FSTAB },
  { path: "etc/os-release", mode: 0o644, text: OS_RELEASE },
  { path: "etc/shells", mode: 0o644, text: "/bin/sh\n" },
];
