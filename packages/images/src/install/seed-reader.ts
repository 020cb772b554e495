// How an installed system takes its name and its owner's key: it reads the plain lines of the seed medium, as cloud-init
// reads the others. Once per machine; a copy comes with a medium of its own and becomes a machine of its own.
import { PLAIN_SEED } from "../seed.ts";

const PROGRAM = "usr/lib/mimic/seed";

/** Any medium may carry the label; only Mimic's knows which machine this is, so no other plants a key. */
const READER = `#!/bin/sh
set -eu
umask 022
at=/run/mimic-seed
mkdir -p $at
mount -t iso9660 -o ro,nosuid,nodev,noexec "$1" $at
cp $at/${PLAIN_SEED} $at.lines || : >$at.lines
umount $at
rmdir $at
trap 'rm -f $at.lines' EXIT
uuid= name= user=
while read -r what rest; do
  case $what in uuid) uuid=$rest ;; name) name=$rest ;; user) user=$rest ;; esac
done <$at.lines
[ -n "$uuid" ] && [ "$uuid" = "$(cat /sys/class/dmi/id/product_uuid)" ] || exit 0
before=$(cat /etc/mimic-seed 2>/dev/null) || before=
[ "$before" != "$uuid" ] || exit 0

echo "$name" >/etc/hostname
hostname "$name"
sed -i "s/^127\\.0\\.1\\.1 .*/127.0.1.1 $name/" /etc/hosts

home=$(getent passwd "$user" | cut -d: -f6)
install -d -m 700 -o "$user" -g "$user" "$home/.ssh"
keys=$home/.ssh/authorized_keys
touch "$keys"
sed -n 's/^key //p' $at.lines | while read -r key; do grep -qxF -e "$key" "$keys" || echo "$key" >>"$keys"; done
chown "$user:$user" "$keys"
chmod 600 "$keys"

if [ -n "$before" ]; then
  # A copy of a machine that ran before.
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
  tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
  # Not waited for: they come after this.
  systemctl --no-block restart mimic-host-keys.service
  systemctl --no-block try-restart ssh.service
fi
echo "$uuid" >/etc/mimic-seed
`;

/** Before anybody can log in, so that they see the right name; host keys and SSH come after it. */
const UNIT = `[Unit]
Description=Take this machine's name and its owner's key from the medium that Mimic gave it
Before=mimic-host-keys.service ssh.service systemd-user-sessions.service

[Service]
Type=oneshot
ExecStart=/${PROGRAM} /dev/disk/by-label/cidata
`;

/** The medium brings its reader: a machine without one waits for nothing. */
const RULE =
  'ACTION=="add|change", SUBSYSTEM=="block", ENV{ID_FS_LABEL}=="cidata", TAG+="systemd", ENV{SYSTEMD_WANTS}+="mimic-seed.service"\n';

export const seedReader: readonly { readonly path: string; readonly body: string; readonly mode: number }[] = [
  { path: PROGRAM, body: READER, mode: 0o755 },
  { path: "etc/systemd/system/mimic-seed.service", body: UNIT, mode: 0o644 },
  { path: "etc/udev/rules.d/80-mimic-seed.rules", body: RULE, mode: 0o644 },
];
