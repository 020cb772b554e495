// SVCB and HTTPS records (RFC 9460): a priority, a target name and parameters in rising order of their keys.
import { parseIp } from "../address/index.ts";
import { parseName } from "./name.ts";
import { DnsWriter } from "./writer.ts";

/** RFC 9460 §14.3.2 and RFC 9461. */
const KEYS: Readonly<Record<string, number>> = {
  mandatory: 0,
  alpn: 1,
  "no-default-alpn": 2,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
  dohpath: 7,
};

export interface SvcbRecord {
  readonly priority: number;
  readonly target: string;
  readonly params: readonly { readonly key: number; readonly value: Uint8Array }[];
}

/** Reads a record's data; undefined when it is none, or its keys do not rise (RFC 9460 §2.2). Names in it are not compressed. */
export function readSvcb(data: Uint8Array): SvcbRecord | undefined {
  const name = data.length < 3 ? undefined : parseName(data, 2);
  if (!name) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const params: { key: number; value: Uint8Array }[] = [];
  let last = -1;
  for (let at = name.next; at < data.length; ) {
    if (at + 4 > data.length) return undefined;
    const key = view.getUint16(at);
    const end = at + 4 + view.getUint16(at + 2);
    if (end > data.length || key <= last) return undefined;
    params.push({ key, value: data.subarray(at + 4, end) });
    last = key;
    at = end;
  }
  return { priority: view.getUint16(0), target: name.name, params };
}

export function serializeSvcb(record: SvcbRecord): Uint8Array {
  const writer = new DnsWriter();
  writer.u16(record.priority);
  writer.name(record.target, { compress: false });
  for (const { key, value } of [...record.params].sort((a, b) => a.key - b.key)) {
    writer.u16(key);
    writer.u16(value.length);
    writer.bytes(value);
  }
  return writer.done();
}

interface SvcbText {
  readonly priority: number;
  readonly target: string;
  /** "alpn=h2,h3", "port=443", "ipv4hint=192.0.2.1", "key9=…". */
  readonly params: readonly string[];
}

/** From the written form (RFC 9460 §2.1); undefined when a parameter is none that we know or its value is wrong. */
export function svcbData({ priority, target, params }: SvcbText): Uint8Array | undefined {
  const read: { key: number; value: Uint8Array }[] = [];
  for (const param of params) {
    const [name = "", quotedValue = ""] = param.split(/=(.*)/s);
    const key = KEYS[name] ?? (/^key(\d{1,5})$/.test(name) ? Number(name.slice(3)) : undefined);
    const value = key === undefined || key > 65_535 ? undefined : paramValue(key, quotedValue.replace(/^"(.*)"$/, "$1"));
    if (key === undefined || value === undefined || read.some((other) => other.key === key)) return undefined;
    read.push({ key, value });
  }
  return serializeSvcb({ priority, target, params: read });
}

function paramValue(key: number, text: string): Uint8Array | undefined {
  const parts = text === "" ? [] : text.split(",");
  switch (key) {
    case KEYS["mandatory"]:
      return parts.length > 0 && parts.every((part) => part in KEYS) ? keyList(parts) : undefined;
    case KEYS["alpn"]:
      return parts.length > 0 && parts.every((part) => part.length > 0 && part.length < 256) ? stringList(parts) : undefined;
    case KEYS["no-default-alpn"]:
      return text === "" ? new Uint8Array() : undefined;
    case KEYS["port"]:
      return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Uint8Array.of(Number(text) >> 8, Number(text) & 255) : undefined;
    case KEYS["ipv4hint"]:
      return addressList(parts, 4);
    case KEYS["ipv6hint"]:
      return addressList(parts, 16);
    case KEYS["ech"]:
      return base64(text);
    default:
      return new TextEncoder().encode(text);
  }
}

function keyList(names: readonly string[]): Uint8Array {
  const keys = names.map((name) => KEYS[name] ?? 0).sort((a, b) => a - b);
  return Uint8Array.from(keys.flatMap((key) => [key >> 8, key & 255]));
}

const stringList = (texts: readonly string[]): Uint8Array =>
  Uint8Array.from(texts.map((text) => new TextEncoder().encode(text)).flatMap((bytes) => [bytes.length & 255, ...bytes]));

function addressList(texts: readonly string[], size: number): Uint8Array | undefined {
  const addresses = texts.map(parseIp);
  if (addresses.length === 0 || addresses.some((bytes) => bytes?.length !== size)) return undefined;
  return Uint8Array.from(addresses.flatMap((bytes) => [...(bytes ?? [])]));
}

function base64(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0
    ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    : undefined;
}

/** The addresses in the hints of a record, which a resolver must look at as it looks at A and AAAA. */
export function hintsOf(record: SvcbRecord): Uint8Array[] {
  const hints: Uint8Array[] = [];
  for (const { key, value } of record.params) {
    const size = key === KEYS["ipv4hint"] ? 4 : key === KEYS["ipv6hint"] ? 16 : 0;
    for (let at = 0; size > 0 && at + size <= value.length; at += size) hints.push(value.subarray(at, at + size));
  }
  return hints;
}

/** The record without the address hints that `isBad` says are not to be passed on. */
export function withoutHints(record: SvcbRecord, isBad: (address: Uint8Array) => boolean): SvcbRecord {
  return { ...record, params: record.params.filter((param) => !hintsOf({ ...record, params: [param] }).some(isBad)) };
}
