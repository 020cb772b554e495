// What runs in the installing machine: `init` (busybox: disk, unpacking, the frame around the rest) and `setup` (inside
// the new system: maintainer scripts, dpkg, boot loader). They say where they are in lines that progress.ts reads.

export interface GuestScripts {
  readonly init: string;
  readonly setup: string;
}

export interface ScriptOptions {
  readonly uuid: string;
  readonly user: string;
  /** All packages, in the order in which they are set up. */
  readonly order: readonly string[];
  /** Those with a `preinst`, as named in dpkg's info folder. */
  readonly preinsts: readonly { readonly name: string; readonly info: string }[];
  readonly dpkgVersion: string;
}

/** Written without the journal and without waiting for the disk: when this machine is cut off, its disk is thrown away. */
const init = ({ uuid }: ScriptOptions): string => `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /target
exec </dev/null >/log 2>&1
say() { echo "@mimic $*" >/dev/ttyS0; }
fail() {
  { echo; tail -n 40 /log; echo; } >/dev/ttyS0
  say failed "$1"
  sleep 1
  poweroff -f
  sleep 60
}
modprobe -a virtio_pci virtio_blk

say phase disk
dd if=/install/mbr of=/dev/vda bs=512 count=1 conv=notrunc || fail disk
blockdev --rereadpt /dev/vda || fail disk
for i in 1 2 3 4 5; do [ -b /dev/vda1 ] && break; sleep 1; done
/sbin/mke2fs -q -F -t ext4 -U ${uuid} -L root -O ^has_journal,^metadata_csum_seed,^orphan_file \\
  -E lazy_itable_init=1,assume_storage_prezeroed=1 /dev/vda1 || fail disk
mount -t ext4 -o noatime,nobarrier,discard /dev/vda1 /target || fail disk
echo 60 >/proc/sys/vm/dirty_ratio
echo 40 >/proc/sys/vm/dirty_background_ratio

say phase unpack
tar -x -f /dev/vdb -C /target || fail unpack

mount -t devtmpfs dev /target/dev
mkdir -p /target/dev/pts /target/dev/disk/by-uuid
# There is no udev here, and the boot menu names the root by its UUID only when it can see it: a disk that is plugged in
# another way later must still be found.
ln -s ../../vda1 /target/dev/disk/by-uuid/${uuid}
mount -t devpts dev /target/dev/pts
mount -t proc proc /target/proc
mount -t sysfs sys /target/sys
mount -t tmpfs run /target/run
mkdir /target/run/lock /target/run/install
cp /install/* /target/run/install/
chroot /target /bin/sh /run/install/setup || fail "$(cat /target/run/install/at)"
umount /target/run /target/sys /target/proc /target/dev/pts /target/dev
fstrim /target
umount /target || fail clean
# The journal comes last.
/sbin/tune2fs -O has_journal /dev/vda1 || fail clean
/sbin/e2fsck -f -n /dev/vda1 || fail clean
sync
say done
sleep 1
poweroff -f
sleep 60
`;

const setup = ({ user, order, preinsts, dpkgVersion }: ScriptOptions): string => `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
say() { echo "@mimic $*" >/dev/ttyS0; }
phase() { say phase "$1"; echo "$1" >/run/install/at; }
set -e
exec 4>&1

phase prepare
preinst() {
  echo "$1" >/run/install/at
  DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE=$1 DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_MAINTSCRIPT_ARCH=amd64 \\
    DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_RUNNING_VERSION=${dpkgVersion} "/var/lib/dpkg/info/$2.preinst" install
}
${preinsts.map(({ name, info }) => `preinst ${name} ${info}`).join("\n")}

phase configure
# What takes long and needs only some packages goes on beside the rest.
release=$(ls /lib/modules)
later() {
  at=$1
  shift
  ("$@" && echo ok >"/run/install/$at") </dev/null >"/run/install/$at.log" 2>&1 &
}
make_initrd() { mkinitramfs -o /run/install/initrd "$release"; }
make_loader() {
  # The menu only has to know that it will be there.
  : >"/boot/initrd.img-$release"
  # It goes to its place last: maintainer scripts that find a menu there write it anew.
  mkdir -p /boot/grub && grub-install --target=i386-pc /dev/vda && grub-mkconfig -o /run/install/grub.cfg
}
# The kernel's first file system is made once, not at every hook and trigger.
mv /usr/sbin/update-initramfs /usr/sbin/update-initramfs.real
printf '#!/bin/sh\\nexit 0\\n' >/usr/sbin/update-initramfs
chmod 755 /usr/sbin/update-initramfs
total=${order.length}
{ dpkg --force-unsafe-io --force-confold --status-fd 3 --configure ${order.join(" ")} 3>&1 >&4 2>&1; echo $? >/run/install/result; } | {
  count=0
  while IFS= read -r line; do
    case $line in
      "processing: configure: "*)
        count=$((count + 1))
        name=\${line##*: }
        [ "$count" -le "$total" ] && say step "$count" "$total" "$name"
        echo "$name" >/run/install/at
        ;;
      "status: linux-image-$release: installed" | "status: linux-image-$release:"*": installed") later initramfs make_initrd ;;
      "status: grub-pc: installed" | "status: grub-pc:"*": installed") later loader make_loader ;;
    esac
  done
  phase initramfs
  wait
}
cat /run/install/*.log
[ "$(cat /run/install/result)" = 0 ]
for job in initramfs loader; do
  echo "$job" >/run/install/at
  [ -e "/run/install/$job" ]
done
echo audit >/run/install/at
[ -z "$(dpkg --audit)" ]
mv /usr/sbin/update-initramfs.real /usr/sbin/update-initramfs
cat /run/install/initrd >"/boot/initrd.img-$release"
cat /run/install/grub.cfg >/boot/grub/grub.cfg

phase finish
useradd --create-home --shell /bin/bash --groups sudo,adm,systemd-journal ${user}
systemctl enable systemd-networkd.service mimic-host-keys.service
# It looks after checks of LVM volumes, which are not here.
systemctl mask e2scrub_reap.service
# Where a later grub package writes itself to.
echo "grub-pc grub-pc/install_devices multiselect /dev/vda" | debconf-set-selections

phase clean
rm -f /usr/sbin/policy-rc.d /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /var/lib/systemd/random-seed
rm -rf /var/cache/apt/*.bin /var/cache/ldconfig/* /var/log/journal/* /tmp/* /var/tmp/*
rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid-
find /var/log -type f -exec truncate -s 0 {} +
: >/etc/machine-id
`;

export const guestScripts = (options: ScriptOptions): GuestScripts => ({ init: init(options), setup: setup(options) });
