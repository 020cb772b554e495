// Network namespaces as test guests: real Linux network stacks without a machine around them. A namespace lives as long as
// the process that holds it, whose standard input we keep open; so nothing is left behind when a test is killed.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adaptorPath } from "./adaptor.ts";
import { endChild, firstLine, mustRun, type Ran, type RunOptions, run } from "./run.ts";

export interface Namespace extends AsyncDisposable {
  /** Of the process that holds it. */
  readonly pid: number;
  /** Runs a program in it to its end; also a failing one resolves. */
  run(program: string, args?: readonly string[], options?: RunOptions): Promise<Ran>;
  /** As `run`, but throws when it fails; answers what it said. */
  must(program: string, args?: readonly string[], options?: RunOptions): Promise<string>;
  /** Starts one that goes on; it is ended with the namespace. */
  start(program: string, args?: readonly string[], options?: SpawnOptions): ChildProcess;
  /** What `/etc/resolv.conf` says inside; outside it is never touched. */
  setResolvers(addresses: readonly string[], search?: string): void;
}

/** Why this computer cannot make namespaces, in words for a skipped test; undefined = it can. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (process.platform !== "linux") return "network namespaces are Linux'";
  for (const program of ["ip", "nsenter", "unshare"]) {
    if (!(await run(program, ["--help"]).catch(() => undefined))) return `${program} is not installed`;
  }
  const tried = await run("unshare", [...asRoot(), "--net", "--mount", "test", "-w", "/dev/net/tun"]);
  return tried.code === 0 ? undefined : `no network namespace can be made here: ${tried.stderr.trim() || "/dev/net/tun is missing"}`;
}

const isRoot = (): boolean => process.geteuid?.() === 0;
const asRoot = (): string[] => (isRoot() ? [] : ["--user", "--map-root-user"]);

export async function openNamespace(): Promise<Namespace> {
  const adaptor = await adaptorPath();
  const holder = adaptor
    ? spawn(adaptor, [], { stdio: ["pipe", "pipe", "pipe"] })
    : spawn("unshare", [...asRoot(), "--net", "--mount", "sh", "-c", "echo ready; exec cat"], { stdio: ["pipe", "pipe", "pipe"] });
  await firstLine(holder);
  return settle(holder);
}

async function settle(holder: ChildProcess): Promise<Namespace> {
  const pid = holder.pid ?? 0;
  const folder = mkdtempSync(join(tmpdir(), "mimic-ns-"));
  const resolvConf = join(folder, "resolv.conf");
  writeFileSync(resolvConf, "");
  const children: ChildProcess[] = [];
  const enter = (program: string, args: readonly string[]): string[] => [
    ...["-t", `${pid}`, "-n", "-m", ...(isRoot() ? [] : ["-U", "--preserve-credentials"])],
    ...["--", program, ...args],
  ];
  const namespace: Namespace = {
    pid,
    run: (program, args = [], options) => run("nsenter", enter(program, args), options),
    must: (program, args = [], options) => mustRun("nsenter", enter(program, args), options),
    start(program, args = [], options = {}) {
      const child = spawn("nsenter", enter(program, args), options);
      children.push(child);
      return child;
    },
    setResolvers: (addresses, search) =>
      writeFileSync(resolvConf, [...(search ? [`search ${search}`] : []), ...addresses.map((one) => `nameserver ${one}`), ""].join("\n")),
    async [Symbol.asyncDispose]() {
      for (const child of children) await endChild(child);
      await endChild(holder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  // No waiting for duplicate address detection: two seconds for each IPv6 address.
  await namespace.must("sh", [
    "-c",
    `ip link set lo up
     mount --bind "$0" "$1"
     echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
     echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad`,
    resolvConf,
    realpathSync("/etc/resolv.conf"),
  ]);
  return namespace;
}

export interface CableEnd {
  readonly namespace: Namespace;
  readonly ifname: string;
  /** “10.0.0.1/24”, “fd00::1/64”. */
  readonly addresses: readonly string[];
}

/** Joins two namespaces with a cable of the kernel's (a veth pair), up and with addresses. */
export async function cable(a: CableEnd, b: CableEnd, { mtu = 1500 } = {}): Promise<void> {
  const peer = ["peer", "name", b.ifname, "netns", `${b.namespace.pid}`, "mtu", `${mtu}`];
  await a.namespace.must("ip", ["link", "add", a.ifname, "mtu", `${mtu}`, "type", "veth", ...peer]);
  for (const end of [a, b]) {
    await end.namespace.must("ip", ["link", "set", end.ifname, "up"]);
    await addAddresses(end.namespace, end.ifname, end.addresses);
  }
}

export async function addAddresses(namespace: Namespace, ifname: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) await namespace.must("ip", ["address", "add", address, "dev", ifname]);
}
