// The part of a record that depends on its type. Names in it may be compressed only in the types of RFC 1035 (RFC 3597 §4);
// some senders compress in others too, so these are read leniently and never written so.
import { labelsOfName, parseName } from "./name.ts";
import { dnsType } from "./types.ts";
import { DnsWriter } from "./writer.ts";

/** Where names stand: bytes before, names, bytes behind ("rest" = whatever is left). */
interface Shape {
  readonly before: number;
  readonly names: number;
  readonly behind: number | "rest";
  readonly mayCompress: boolean;
}

const SHAPES: Readonly<Record<number, Shape>> = {
  [dnsType.NS]: { before: 0, names: 1, behind: 0, mayCompress: true },
  [dnsType.CNAME]: { before: 0, names: 1, behind: 0, mayCompress: true },
  [dnsType.PTR]: { before: 0, names: 1, behind: 0, mayCompress: true },
  [dnsType.MX]: { before: 2, names: 1, behind: 0, mayCompress: true },
  [dnsType.SOA]: { before: 0, names: 2, behind: 20, mayCompress: true },
  [dnsType.SRV]: { before: 6, names: 1, behind: 0, mayCompress: false },
  [dnsType.DNAME]: { before: 0, names: 1, behind: 0, mayCompress: false },
  [dnsType.SVCB]: { before: 2, names: 1, behind: "rest", mayCompress: false },
  [dnsType.HTTPS]: { before: 2, names: 1, behind: "rest", mayCompress: false },
};

interface Parts {
  readonly before: Uint8Array;
  readonly names: readonly string[];
  readonly behind: Uint8Array;
}

function split(shape: Shape, bytes: Uint8Array, { from, to }: { readonly from: number; readonly to: number }): Parts | undefined {
  let at = from + shape.before;
  if (at > to) return undefined;
  const names: string[] = [];
  for (let index = 0; index < shape.names; index++) {
    const read = parseName(bytes, at);
    if (!read || read.next > to) return undefined;
    names.push(read.name);
    at = read.next;
  }
  if (shape.behind !== "rest" && at + shape.behind !== to) return undefined;
  return { before: bytes.subarray(from, from + shape.before), names, behind: bytes.subarray(at, to) };
}

function join(writer: DnsWriter, parts: Parts, compress: boolean): void {
  writer.bytes(parts.before);
  for (const name of parts.names) writer.name(name, { compress });
  writer.bytes(parts.behind);
}

/** The data of a record with all names written out; undefined when it is not what its type says. A view where nothing needs changing. */
export function expandData(type: number, bytes: Uint8Array, span: { readonly from: number; readonly to: number }): Uint8Array | undefined {
  const shape = SHAPES[type];
  if (!shape) return hasRightSize(type, span.to - span.from) ? bytes.subarray(span.from, span.to) : undefined;
  const parts = split(shape, bytes, span);
  if (!parts) return undefined;
  const writer = new DnsWriter();
  join(writer, parts, false);
  return writer.done();
}

const hasRightSize = (type: number, size: number): boolean =>
  type === dnsType.A ? size === 4 : type === dnsType.AAAA ? size === 16 : true;

export function writeData(writer: DnsWriter, type: number, data: Uint8Array): void {
  const shape = SHAPES[type];
  const parts = shape?.mayCompress ? split(shape, data, { from: 0, to: data.length }) : undefined;
  if (parts) join(writer, parts, true);
  else writer.bytes(data);
}

/** The name that an NS, CNAME, PTR, MX, SRV, DNAME, SVCB or HTTPS record leads to. */
export function targetOf(type: number, data: Uint8Array): string | undefined {
  const shape = SHAPES[type];
  return shape && split(shape, data, { from: 0, to: data.length })?.names[0];
}

export interface Soa {
  readonly primary: string;
  readonly mailbox: string;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** How long "there is no such name" may be kept (RFC 2308 §4). */
  readonly negativeTtlSeconds: number;
}

export function readSoa(data: Uint8Array): Soa | undefined {
  const shape = SHAPES[dnsType.SOA];
  const parts = shape && split(shape, data, { from: 0, to: data.length });
  if (!parts) return undefined;
  const [primary = "", mailbox = ""] = parts.names;
  const view = new DataView(parts.behind.buffer, parts.behind.byteOffset, 20);
  return {
    primary,
    mailbox,
    serial: view.getUint32(0),
    refreshSeconds: view.getUint32(4),
    retrySeconds: view.getUint32(8),
    expireSeconds: view.getUint32(12),
    negativeTtlSeconds: view.getUint32(16),
  };
}

const written = (fill: (writer: DnsWriter) => void): Uint8Array => {
  const writer = new DnsWriter();
  fill(writer);
  return writer.done();
};

export const nameData = (name: string): Uint8Array => written((writer) => writer.name(name, { compress: false }));

export const soaData = (soa: Soa): Uint8Array =>
  written((writer) => {
    writer.name(soa.primary, { compress: false });
    writer.name(soa.mailbox, { compress: false });
    for (const value of [soa.serial, soa.refreshSeconds, soa.retrySeconds, soa.expireSeconds, soa.negativeTtlSeconds]) writer.u32(value);
  });

export const mxData = (preference: number, exchange: string): Uint8Array =>
  written((writer) => {
    writer.u16(preference);
    writer.name(exchange, { compress: false });
  });

export const srvData = (srv: {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}): Uint8Array =>
  written((writer) => {
    writer.u16(srv.priority);
    writer.u16(srv.weight);
    writer.u16(srv.port);
    writer.name(srv.target, { compress: false });
  });

/** Each text in strings of at most 255 bytes (RFC 1035 §3.3.14). */
export function txtData(texts: readonly Uint8Array[]): Uint8Array {
  return written((writer) => {
    if (texts.length === 0) writer.u8(0);
    for (const text of texts) {
      for (let at = 0; at === 0 || at < text.length; at += 255) {
        const part = text.subarray(at, at + 255);
        writer.u8(part.length);
        writer.bytes(part);
      }
    }
  });
}

/** The strings of a TXT record; undefined when a length leads past the end. */
export function readTxt(data: Uint8Array): Uint8Array[] | undefined {
  const texts: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + (data[at] ?? 0);
    if (end > data.length) return undefined;
    texts.push(data.subarray(at + 1, end));
    at = end;
  }
  return texts;
}

export const isDnsName = (name: string): boolean => labelsOfName(name) !== undefined;
