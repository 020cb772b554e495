// A tap: a network interface whose other end is an open file. It is not kept by the kernel: with the last descriptor it is gone,
// so that nothing is left of it, whatever dies. netdevice(7), Documentation/networking/tuntap.rst.
import { closeSync, openSync, writeFileSync } from "node:fs";
import { type Libc, libc } from "@mimic/base/node";
import { noTap } from "../../errors.ts";
import { TUN } from "./host-links.ts";

const TUNSETIFF = 0x400454ca;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFMTU = 0x8922;
const SIOCSIFHWADDR = 0x8924;
const SIOCGIFINDEX = 0x8933;
const SIOCBRADDIF = 0x89a2;
const IFF_UP = 1;
const IFF_TAP = 2;
const IFF_NO_PI = 0x1000;
const ARPHRD_ETHER = 1;

/** struct ifreq: the name, then a union of 24 bytes. */
const IFREQ_BYTES = 40;
const UNION_AT = 16;

/** Its descriptor; the caller closes it. Throws `qemu.no_tap`. */
export function openTap(name: string): number {
  const c = libc();
  if (c === undefined) throw noTap(name, "this Node has no node:ffi");
  let fd: number;
  try {
    fd = openSync(TUN, "r+");
  } catch (error) {
    throw noTap(name, String(error));
  }
  const request = ifreq(name);
  request.writeUInt16LE(IFF_TAP | IFF_NO_PI, UNION_AT);
  if (c.ioctl(fd, TUNSETIFF, request)) return fd;
  closeSync(fd);
  throw noTap(name, "the kernel refused it, or it is there already");
}

/** Plugs it into the bridge and switches it on. False = the kernel refused: the bridge is gone, or takes no more. */
export function plugTap(tap: string, bridge: string, mtu: number): boolean {
  const c = libc();
  if (c === undefined) return false;
  // The host itself shall have no address at our end of the cable.
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${tap}/disable_ipv6`, "1");
  } catch {
    // A kernel without IPv6.
  }
  const socket = c.datagramSocket();
  try {
    // A bridge's own address is the lowest among its ports, unless it was set: ours must never be it, or the host changes its own.
    const address = ifreq(tap);
    address.writeUInt16LE(ARPHRD_ETHER, UNION_AT);
    address.set([0xfe, ...macTail(tap)], UNION_AT + 2);
    if (!c.ioctl(socket, SIOCSIFHWADDR, address)) return false;
    // A bridge takes the smallest frame size among its ports, unless it was set: ours is no smaller than it has now.
    const size = ifreq(tap);
    size.writeInt32LE(mtu, UNION_AT);
    if (!c.ioctl(socket, SIOCSIFMTU, size)) return false;
    return join(c, socket, tap, bridge) && switchOn(c, socket, tap);
  } finally {
    closeSync(socket);
  }
}

function join(c: Libc, socket: number, tap: string, bridge: string): boolean {
  const index = ifreq(tap);
  if (!c.ioctl(socket, SIOCGIFINDEX, index)) return false;
  const request = ifreq(bridge);
  request.writeInt32LE(index.readInt32LE(UNION_AT), UNION_AT);
  return c.ioctl(socket, SIOCBRADDIF, request);
}

function switchOn(c: Libc, socket: number, tap: string): boolean {
  const flags = ifreq(tap);
  if (!c.ioctl(socket, SIOCGIFFLAGS, flags)) return false;
  flags.writeUInt16LE(flags.readUInt16LE(UNION_AT) | IFF_UP, UNION_AT);
  return c.ioctl(socket, SIOCSIFFLAGS, flags);
}

function ifreq(name: string): Buffer {
  // Memory of its own, which the collector never moves.
  const bytes = Buffer.allocUnsafeSlow(IFREQ_BYTES).fill(0);
  bytes.write(name, 0, UNION_AT - 1, "latin1");
  return bytes;
}

const macTail = (tap: string): Buffer => Buffer.from(tap.padStart(5, "0").slice(-5), "latin1");
