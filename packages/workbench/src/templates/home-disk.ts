// The home of a machine that follows its template: a disk of its own, put over the places where people keep what is theirs,
// before the machine counts as usable. (Qubes divides its machines the same way.) The guest's own system does the work, at its
// agent's call; a disk that holds anything at all is never formatted.
import { messageOf, type Waiting } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { GuestAgent } from "../ports/index.ts";

/** Where the disk itself is seen in the guest. */
const PLACE = "/rw";
/** In memory, so that both are gone after a restart. Two may ask at once, when the guest begins anew just then: one does it. */
const BUSY = "/dev/.mimic-home-busy";
const DONE = "/dev/.mimic-home";

/**
 * Argument: the disk's serial. Says what went wrong, in words. A folder is moved into its place on the disk when it is whole, so
 * a first time that was cut off begins again. The host keys of its SSH server stay too: whoever comes in knows it again. A
 * system that begins anew takes its owner's key and makes host keys of its own first: that is waited for, here and in cloud-init.
 */
const SCRIPT = `fail() { echo "$1"; exit 1; }
n=0
until mkdir ${BUSY} 2>/dev/null || [ $n -ge 120 ]; do sleep 1; n=$((n + 1)); done
trap 'rmdir ${BUSY}' EXIT
[ -e ${DONE} ] && exit 0
if [ -d /etc/ssh ] && command -v systemctl >/dev/null; then
  udevadm settle -t 30
  if [ -x /usr/lib/mimic/seed ] && [ -e /dev/disk/by-label/cidata ]; then
    n=0
    until [ "$(cat /etc/mimic-seed 2>/dev/null)" = "$(cat /sys/class/dmi/id/product_uuid)" ] || [ $n -ge 120 ]; do sleep 0.5; n=$((n + 1)); done
    timeout 60 systemctl start mimic-host-keys.service
  elif command -v cloud-init >/dev/null; then
    timeout 100 cloud-init status --wait
  fi
fi >/dev/null 2>&1
disk=
for at in /sys/block/*; do
  for file in "$at/serial" "$at/device/serial" "$at/device/vpd_pg80"; do
    [ -r "$file" ] && grep -qaF "$1" "$file" 2>/dev/null && disk=/dev/\${at##*/}
  done
done
[ -b "$disk" ] || fail "its system sees no such disk"
if [ "$(head -c 1048576 "$disk" | tr -d '\\0' | head -c 1 | wc -c)" -eq 0 ]; then
  { mkfs.ext4 -q -F "$disk" || mke2fs -F "$disk"; } >/dev/null 2>&1 || fail "its system has no program that makes a file system (mkfs.ext4, mke2fs)"
fi
command -v e2fsck >/dev/null && e2fsck -p "$disk" >/dev/null 2>&1
mkdir -p ${PLACE}
grep -q " ${PLACE} " /proc/mounts || mount "$disk" ${PLACE} 2>/dev/null || fail "what is on the disk could not be mounted"
for pair in home:/home root:/root usrlocal:/usr/local; do
  mine=${PLACE}/\${pair%%:*} theirs=\${pair#*:}
  mkdir -p "$theirs"
  if [ ! -d "$mine" ]; then
    rm -rf "$mine.new"
    cp -a "$theirs" "$mine.new" && mv "$mine.new" "$mine" || fail "there was no room for a copy of $theirs"
  fi
  mount --bind "$mine" "$theirs" 2>/dev/null || mount -o bind "$mine" "$theirs" || fail "$theirs could not be put in place"
done
keys=${PLACE}/ssh
if ls "$keys"/ssh_host_*_key >/dev/null 2>&1; then
  cp -a "$keys"/ssh_host_* /etc/ssh/ && command -v systemctl >/dev/null && timeout 60 systemctl try-restart ssh sshd >/dev/null 2>&1
elif ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1; then
  rm -rf "$keys.new"
  mkdir -m 700 "$keys.new" && cp -a /etc/ssh/ssh_host_* "$keys.new" && mv "$keys.new" "$keys"
fi
sync
: > ${DONE}
exit 0`;

const LIMIT_MS = 180_000;

export const homeDisk = ({ disks }: HardwareSpec) => disks.find(({ keeps }) => keeps === "home");

/** Undefined = it is in place (or there is none to put). Else why not, in words. Harmless when repeated. */
export async function putHomeInPlace(
  hardware: HardwareSpec,
  agent: GuestAgent | undefined,
  { signal }: Waiting,
): Promise<string | undefined> {
  const disk = homeDisk(hardware);
  if (disk === undefined) return undefined;
  if (agent === undefined) return "it has no channel for a guest agent";
  const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) };
  try {
    await agent.waitUntilReady(options);
    const { code, out } = await agent.quick({ program: "/bin/sh", args: ["-c", SCRIPT, "mimic", disk.id.slice(-20)] }, options);
    return code === 0 ? undefined : out.trim().slice(0, 200) || "its system gave no reason";
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error).slice(0, 200);
  }
}
