// What network interfaces this computer has, from sysfs, and what the daemon lacks to plug something into its bridges.
import { constants } from "node:fs";
import { access, readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { libc } from "@mimic/base/node";
import type { HostLink, LanLook } from "@mimic/workbench/ports";

const NET = "/sys/class/net";
export const TUN = "/dev/net/tun";
/** Of capabilities(7). */
const CAP_NET_ADMIN = 12n;
/** ARPHRD_ETHER: other links do not carry Ethernet frames. */
const ETHERNET = "1";
export const TAP_PREFIX = "mimic-";

export async function lookAtLan(): Promise<LanLook> {
  if (process.platform !== "linux")
    return {
      links: [],
      lacks: { why: "Mimic can join networks to this computer's own LAN on Linux only so far.", hint: "Use --kind nat." },
    };
  const names = await readdir(NET);
  const links = await Promise.all(names.filter((name) => !name.startsWith(TAP_PREFIX)).map(linkOf));
  const lacks = await lacking();
  return { links: links.filter((link) => link !== undefined), ...(lacks && { lacks }) };
}

async function linkOf(name: string): Promise<HostLink | undefined> {
  const at = `${NET}/${name}`;
  const [type, mtu, bridge] = await Promise.all([textOf(`${at}/type`), textOf(`${at}/mtu`), bridgeOf(name)]);
  if (type !== ETHERNET) return undefined;
  return {
    name,
    kind: await kindOf(at),
    mtu: Number(mtu) || 1500,
    members: (await readdir(`${at}/brif`).catch(() => [])).filter((member) => !member.startsWith(TAP_PREFIX)).sort(),
    ...(bridge !== undefined && { bridge }),
  };
}

async function kindOf(at: string): Promise<HostLink["kind"]> {
  if (await isThere(`${at}/bridge`)) return "bridge";
  if ((await isThere(`${at}/phy80211`)) || (await isThere(`${at}/wireless`))) return "wireless";
  // Cards, and what stands for several of them or for one of their VLANs, as a bridge may have it.
  const kind = /^DEVTYPE=(\w+)$/m.exec((await textOf(`${at}/uevent`)) ?? "")?.[1];
  return (await isThere(`${at}/device`)) || kind === "bond" || kind === "vlan" ? "ethernet" : "other";
}

/** The bridge that an interface is plugged into. */
export async function bridgeOf(name: string): Promise<string | undefined> {
  const path = await readlink(`${NET}/${name}/brport/bridge`).catch(() => undefined);
  return path === undefined ? undefined : basename(path);
}

export const mtuOf = async (name: string): Promise<number | undefined> => Number(await textOf(`${NET}/${name}/mtu`)) || undefined;
export const isBridge = (name: string): Promise<boolean> => isThere(`${NET}/${name}/bridge`);

async function lacking(): Promise<LanLook["lacks"]> {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec((await textOf("/proc/self/status")) ?? "")?.[1];
  if (capabilities === undefined || ((BigInt(`0x${capabilities}`) >> CAP_NET_ADMIN) & 1n) === 0n)
    return {
      why: "Joining this computer's own network needs a right that Mimic does not have (CAP_NET_ADMIN): it runs without root on purpose.",
      hint: "Use --kind nat: machines reach everything outside, and “mimic net forward” lets others reach them. Or run Mimic as root, or its daemon with that one right.",
    };
  if (
    !(await access(TUN, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    ))
  )
    return {
      why: `This system lets Mimic make no network interface: ${TUN} is not there, or closed.`,
      hint: "Load the kernel's module: modprobe tun. In a container, it has to be let in.",
    };
  if (libc() === undefined)
    return {
      why: "This Node cannot make a network interface: it has no node:ffi.",
      hint: "Run Mimic with Node 26 or newer.",
    };
  return undefined;
}

const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").then(
    (text) => (path.endsWith("status") || path.endsWith("uevent") ? text : text.trim()),
    () => undefined,
  );
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
