// Records as people write them (RFC 1035 §5.1 and the presentation forms of RFC 3596, 2782, 9460): “10 mail.example.org.”
// becomes the bytes of an MX record. Names without a dot at the end are taken as whole names too: there is no $ORIGIN here.
import { ipText, parseIp } from "../address/index.ts";
import { isDnsName, mxData, nameData, readSoa, readTxt, srvData, targetOf, txtData } from "./record-data.ts";
import { svcbData } from "./svcb.ts";
import { type DnsTypeName, dnsType } from "./types.ts";

type Reader = (words: readonly string[]) => Uint8Array | undefined;

const number = (word: string | undefined, max: number): number | undefined =>
  word !== undefined && /^\d{1,10}$/.test(word) && Number(word) <= max ? Number(word) : undefined;

const address =
  (size: number): Reader =>
  ([word = "", ...more]) => {
    const bytes = more.length === 0 ? parseIp(word) : undefined;
    return bytes?.length === size ? bytes : undefined;
  };

const oneName: Reader = ([word, ...more]) => (word !== undefined && more.length === 0 && isDnsName(word) ? nameData(word) : undefined);

const READERS: Readonly<Partial<Record<DnsTypeName, Reader>>> = {
  A: address(4),
  AAAA: address(16),
  NS: oneName,
  CNAME: oneName,
  PTR: oneName,
  MX: ([preferenceWord, exchange, ...more]) => {
    const preference = number(preferenceWord, 65_535);
    if (preference === undefined || exchange === undefined || more.length > 0 || !isDnsName(exchange)) return undefined;
    return mxData(preference, exchange);
  },
  SRV: (words) => {
    const [priority, weight, port] = words.slice(0, 3).map((word) => number(word, 65_535));
    const target = words[3];
    if (priority === undefined || weight === undefined || port === undefined || words.length !== 4) return undefined;
    return target !== undefined && isDnsName(target) ? srvData({ priority, weight, port, target }) : undefined;
  },
  TXT: (words) => (words.length === 0 ? undefined : txtData(words.map((word) => new TextEncoder().encode(word)))),
  HTTPS: ([priorityWord, target, ...params]) => {
    const priority = number(priorityWord, 65_535);
    if (priority === undefined || target === undefined || !isDnsName(target)) return undefined;
    return svcbData({ priority, target, params });
  },
};

/** The record's data, or undefined when the text is not in the form of that type. */
export function dataOfText(type: DnsTypeName, text: string): Uint8Array | undefined {
  const words = type === "TXT" ? quotedWords(text) : text.trim().split(/\s+/).filter(Boolean);
  return words && READERS[type]?.(words);
}

/** Words with "quotes" around what has spaces, and \" or \\ inside them. Text without any quote is one string. */
function quotedWords(text: string): string[] | undefined {
  if (!text.includes('"')) return [text];
  const words: string[] = [];
  const word = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))\s*/y;
  while (word.lastIndex < text.length) {
    const found = word.exec(text);
    if (!found) return undefined;
    words.push((found[1] ?? found[2] ?? "").replace(/\\(.)/g, "$1"));
  }
  return words;
}

/** A record's data for people; "\# 4 0a000001" (RFC 3597 §5) for types that we cannot say better. */
export function textOfData(type: number, data: Uint8Array): string {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const target = targetOf(type, data);
  const name = target === undefined ? "" : `${target}.`;
  if (type === dnsType.A || type === dnsType.AAAA) return ipText(data);
  if (type === dnsType.MX && target !== undefined) return `${view.getUint16(0)} ${name}`;
  if (type === dnsType.SRV && target !== undefined) return `${view.getUint16(0)} ${view.getUint16(2)} ${view.getUint16(4)} ${name}`;
  if (type === dnsType.TXT) return (readTxt(data) ?? []).map((text) => JSON.stringify(new TextDecoder().decode(text))).join(" ");
  if (type === dnsType.SOA) {
    const soa = readSoa(data);
    if (soa) {
      const { serial, refreshSeconds, retrySeconds, expireSeconds, negativeTtlSeconds } = soa;
      return `${soa.primary}. ${soa.mailbox}. ${serial} ${refreshSeconds} ${retrySeconds} ${expireSeconds} ${negativeTtlSeconds}`;
    }
  }
  if (target !== undefined && type !== dnsType.HTTPS && type !== dnsType.SVCB) return name;
  return `\\# ${data.length} ${[...data].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`.trim();
}
