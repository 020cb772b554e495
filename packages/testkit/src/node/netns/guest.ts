// A namespace plugged into a switch port, as a machine would be: a tap inside, and the adaptor (or, where there is no C
// compiler, a QEMU without a machine) that carries its frames to a unix stream socket.
import { type ChildProcess, spawn } from "node:child_process";
import { adaptorPath } from "./adaptor.ts";
import { addAddresses, type Namespace, openNamespace } from "./namespace.ts";
import { endChild, firstLine } from "./run.ts";

export interface GuestWish {
  /** The switch's end: it listens at `dial`, or dials us at `listen`. Absent = plugged in later with `plug`. */
  readonly dial?: string;
  readonly listen?: string;
  readonly ifname?: string;
  /** Absent = one that the kernel makes up. */
  readonly mac?: string;
  readonly mtu?: number;
  /** “10.0.2.101/24”, “fd00::101/64”; none when a DHCP client is to find one. */
  readonly addresses?: readonly string[];
  /** Default routes, “10.0.2.2” or “fd00::2”. */
  readonly gateways?: readonly string[];
  readonly resolvers?: readonly string[];
}

export interface NamespaceGuest extends Namespace {
  readonly mac: string;
  readonly ifname: string;
  /** One more network card, in another port. Dispose it to pull it out. */
  plug(wish: GuestWish & { readonly ifname: string }): Promise<{ readonly mac: string } & AsyncDisposable>;
}

/** Resolves once its frames can flow. */
export async function openNamespaceGuest(wish: GuestWish): Promise<NamespaceGuest> {
  await using scope = new AsyncDisposableStack();
  const namespace = scope.use(await openNamespace());
  const ifname = wish.ifname ?? "eth0";
  const nic = scope.use(await plug(namespace, { ...wish, ifname }));
  const owned = scope.move();
  return {
    ...namespace,
    ifname,
    mac: nic.mac,
    plug: (more) => plug(namespace, more),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Nic = { readonly mac: string } & AsyncDisposable;

async function plug(namespace: Namespace, wish: GuestWish & { readonly ifname: string }): Promise<Nic> {
  const { ifname, addresses = [], gateways = [], resolvers } = wish;
  const adaptor = await adaptorPath();
  const carrier = adaptor ? await startAdaptor(adaptor, namespace, wish) : await startQemu(namespace, wish);
  const link = JSON.parse(await namespace.must("ip", ["-json", "link", "show", ifname])) as [{ address: string }];
  await addAddresses(namespace, ifname, addresses);
  for (const gateway of gateways) await namespace.must("ip", ["route", "add", "default", "via", gateway, "dev", ifname]);
  if (resolvers) namespace.setResolvers(resolvers);
  return { mac: link[0].address, [Symbol.asyncDispose]: () => endChild(carrier) };
}

async function startAdaptor(program: string, { pid }: Namespace, wish: GuestWish & { readonly ifname: string }): Promise<ChildProcess> {
  const where = wish.listen ? ["-l", wish.listen] : ["-d", wish.dial ?? ""];
  const mac = wish.mac ? ["-a", wish.mac] : [];
  const args = ["-j", `${pid}`, "-i", wish.ifname, "-m", `${wish.mtu ?? 1500}`, ...mac, ...where];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  await firstLine(child);
  return child;
}

async function startQemu(namespace: Namespace, wish: GuestWish & { readonly ifname: string }): Promise<ChildProcess> {
  const { ifname, mac, mtu = 1500 } = wish;
  await namespace.must("ip", ["tuntap", "add", "dev", ifname, "mode", "tap"]);
  await namespace.must("ip", ["link", "set", ifname, "mtu", `${mtu}`, ...(mac ? ["address", mac] : []), "up"]);
  const path = wish.listen ?? wish.dial ?? "";
  const child = namespace.start(
    "qemu-system-x86_64",
    [
      ...["-machine", "none", "-nodefaults", "-display", "none", "-monitor", "none"],
      ...["-netdev", `tap,id=tap,ifname=${ifname},script=no,downscript=no`],
      ...["-netdev", `stream,id=wire,server=${wish.listen ? "on" : "off"},addr.type=unix,addr.path=${path}`],
      ...["-netdev", "hubport,id=a,hubid=0,netdev=tap", "-netdev", "hubport,id=b,hubid=0,netdev=wire"],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  // The tap has a carrier once QEMU holds it.
  await namespace.must("sh", [
    "-c",
    `for i in $(seq 200); do [ "$(cat /proc/net/if_inet6 | grep -c ${ifname})" != 0 ] && exit; sleep 0.05; done; exit 1`,
  ]);
  return child;
}
