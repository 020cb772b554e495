// The resolvers that this computer uses itself. On Linux and other unixes /etc/resolv.conf says (resolv.conf(5)); it is looked at
// again when somebody asks and the last look is a second old, since networks change. Elsewhere Node knows.
import { getServers } from "node:dns";
import { readFileSync, statSync } from "node:fs";
import { parseIp } from "@mimic/wire";
import type { DnsServerAddress } from "../../gateway/index.ts";

const PATH = "/etc/resolv.conf";
const OLD_AFTER_MS = 1000;
/** As resolvers themselves do (MAXNS). */
const MOST_SERVERS = 3;
const DNS_PORT = 53;

export function watchHostResolvers({ path = PATH, nowMs = () => performance.now() } = {}): () => readonly DnsServerAddress[] {
  let known: readonly DnsServerAddress[] = [];
  let stamp = "";
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = nowMs();
    if (now - readAtMs < OLD_AFTER_MS) return known;
    readAtMs = now;
    const newStamp = stampOf(path);
    if (newStamp !== undefined && newStamp === stamp) return known;
    stamp = newStamp ?? "";
    known = newStamp === undefined ? serversOfNode() : serversIn(readOrNothing(path));
    return known;
  };
}

function stampOf(path: string): string | undefined {
  try {
    const { mtimeMs, ino, size } = statSync(path);
    return `${mtimeMs} ${ino} ${size}`;
  } catch {
    return undefined;
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Without any, a resolver on this computer is meant (resolv.conf(5)). */
export function serversIn(text: string): DnsServerAddress[] {
  const servers = text.split("\n").flatMap((line) => {
    const address = /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? "";
    return parseIp(address.replace(/%.*$/, "")) ? [{ address, port: DNS_PORT }] : [];
  });
  return servers.length > 0 ? servers.slice(0, MOST_SERVERS) : [{ address: "127.0.0.1", port: DNS_PORT }];
}

/** “192.0.2.1”, “192.0.2.1:5353”, “[2001:db8::1]:5353”. */
const serversOfNode = (): DnsServerAddress[] =>
  getServers().flatMap((text) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:%.]+?))(?::(\d+))?$/.exec(text) ?? [];
    const address = bracketed ?? plain;
    return address ? [{ address, port: port && !(plain?.includes(":") ?? false) ? Number(port) : DNS_PORT }] : [];
  });
