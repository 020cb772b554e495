// What a Linux guest is asked to do for itself after its hardware changed, through its agent: small scripts of plain
// POSIX sh (busybox is enough), in which everything that is not constant comes as an argument.
import { plain, type Waiting } from "@mimic/base";
import type { GuestAgent } from "@mimic/workbench/ports";

type Helper = Pick<GuestAgent, "exec">;

/** Debian leaves new memory unused until somebody says otherwise (admin-guide/mm/memory-hotplug.rst of Linux). */
const ONLINE_MEMORY = `f=/sys/devices/system/memory/auto_online_blocks
[ -w "$f" ] || exit 0
[ "$(cat "$f")" = offline ] && echo online_movable > "$f"
exit 0`;

/**
 * Argument: the end of the disk's serial number. Finds the disk, makes its last partition as large as there is room, and
 * the file system in it as well. Says in one line what it did. Only what is mounted grows: only then it is surely not
 * used by somebody else.
 */
const GROW_FILE_SYSTEM = `serial=$1
disk=
for s in /sys/block/*/serial /sys/block/*/device/serial /sys/block/*/device/vpd_pg80; do
  [ -r "$s" ] || continue
  grep -q "$serial" "$s" 2>/dev/null || continue
  s=\${s#/sys/block/}; disk=\${s%%/*}; break
done
[ -n "$disk" ] || { echo "its disk was not found in the guest"; exit 3; }
[ -w "/sys/block/$disk/device/rescan" ] && echo 1 > "/sys/block/$disk/device/rescan" 2>/dev/null
part=
for p in /sys/block/"$disk"/"$disk"*; do
  [ -e "$p/partition" ] || continue
  n=$(cat "$p/partition"); [ -z "$part" ] || [ "$(cat "$p/start")" -gt "$start" ] || continue
  part=\${p##*/}; number=$n; start=$(cat "$p/start")
done
dev=/dev/$disk
if [ -n "$part" ]; then
  dev=/dev/$part
  if command -v growpart >/dev/null 2>&1; then growpart "/dev/$disk" "$number" >/dev/null 2>&1
  elif command -v sfdisk >/dev/null 2>&1; then echo ", +" | sfdisk --no-reread --force -N "$number" "/dev/$disk" >/dev/null 2>&1; command -v partx >/dev/null 2>&1 && partx -u "/dev/$disk" >/dev/null 2>&1
  else echo "the disk has grown; the guest has no tool (growpart, sfdisk) for its partition"; exit 4; fi
fi
line=$(grep "^$dev " /proc/mounts | head -n 1)
[ -n "$line" ] || { echo "the disk has grown; nothing on it is mounted, so no file system was changed"; exit 4; }
set -- $line
case $3 in
  ext2|ext3|ext4) tool="resize2fs $dev" ;;
  xfs) tool="xfs_growfs $2" ;;
  btrfs) tool="btrfs filesystem resize max $2" ;;
  f2fs) tool="resize.f2fs $dev" ;;
  *) echo "the disk has grown; a file system of the kind $3 is not changed"; exit 4 ;;
esac
command -v "\${tool%% *}" >/dev/null 2>&1 || { echo "the disk has grown; the guest has no \${tool%% *} for its file system"; exit 4; }
$tool >/dev/null 2>&1 || { echo "the disk has grown; \${tool%% *} could not make the file system larger"; exit 5; }
echo "the file system at $2 has grown too"`;

export async function onlineMemoryByItself(agent: Helper, options: Waiting): Promise<void> {
  await say(agent, ONLINE_MEMORY, [], options);
}

/** One sentence for the person: what the guest says that it did. */
export async function growFileSystem(agent: Helper, diskId: string, options: Waiting): Promise<string | undefined> {
  // The serial number that QEMU was given: see the disk's device.
  const { text } = await say(agent, GROW_FILE_SYSTEM, [diskId.slice(-20)], options);
  return text === "" ? undefined : `The guest says: ${text}.`;
}

/**
 * Every mounted file system on a disk says what it does not use; programs differ in what they can (util-linux has -a, busybox
 * wants a place). Says in one line what became of it.
 */
const TRIM = `command -v fstrim >/dev/null 2>&1 || { echo "the guest has no fstrim"; exit 4; }
sync
done=; failed=
while read -r dev place kind rest; do
  case $dev in /dev/*) ;; *) continue ;; esac
  case $kind in ext4|ext3|xfs|btrfs|f2fs|vfat|ntfs3) ;; *) continue ;; esac
  case " $seen " in *" $dev "*) continue ;; esac
  seen="$seen $dev"
  if fstrim "$place" >/dev/null 2>&1; then done="$done $place"; else failed="$failed $place"; fi
done < /proc/mounts
[ -n "$done$failed" ] || { echo "nothing that can be trimmed is mounted"; exit 4; }
[ -z "$done" ] || echo "what is not used at$done was given back"
[ -z "$failed" ] || echo "at$failed it could not be"`;

export async function trimFileSystems(agent: Helper, options: Waiting): Promise<string> {
  const { text } = await say(agent, TRIM, [], options);
  return text === "" ? "" : `The guest says: ${text.replaceAll("\n", "; ")}.`;
}

async function say(agent: Helper, script: string, args: readonly string[], options: Waiting): Promise<{ readonly text: string }> {
  let text = "";
  const decoder = new TextDecoder();
  await agent.exec(
    {
      program: "/bin/sh",
      args: ["-c", script, "mimic", ...args],
      onStdout: (bytes) => {
        if (text.length < 1000) text += decoder.decode(bytes, { stream: true });
      },
      onStderr: () => {},
    },
    options,
  );
  return { text: plain(text.trim(), 300) };
}
