// A disk's files as a QEMU without a guest opens them: by descriptor, with explicit formats, each over the one below.
import type { DiskFile } from "@mimic/workbench/ports";

/** “source0” over “source1” … on descriptors from 3 on, or with another word and from another one. */
export function chainArgs(chain: readonly DiskFile[], writesTop: boolean, { node = "source", firstFd = 3 } = {}): string[] {
  const args: string[] = [];
  for (const [depth, layer] of [...chain.entries()].reverse()) {
    const fd = firstFd + depth;
    const access = { "read-only": !(writesTop && depth === 0) };
    const backing = layer.format === "qcow2" ? { backing: depth + 1 < chain.length ? `${node}${depth + 1}` : null } : {};
    const file = { driver: "file", "node-name": `${node}-file${depth}`, filename: `/dev/fdset/${fd}`, ...access, "auto-read-only": false };
    const format = {
      driver: layer.format,
      "node-name": `${node}${depth}`,
      file: `${node}-file${depth}`,
      ...access,
      ...backing,
    };
    args.push("-add-fd", `fd=${fd},set=${fd}`, "-blockdev", JSON.stringify(file), "-blockdev", JSON.stringify(format));
  }
  return args;
}
