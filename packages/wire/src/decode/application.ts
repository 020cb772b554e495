// What is carried by TCP and UDP, as far as a list of packets wants to know: DNS, DHCP, the names in TLS, the first line of HTTP.
import { ipText, ipv4Text, macText } from "../address/index.ts";
import { isMalformed, readU16, readU24 } from "../bytes.ts";
import { type DhcpMessage, dhcpOption, dhcpType, dhcpTypeOf, parseDhcp } from "../dhcp/index.ts";
import { dhcpv6Option, dhcpv6OptionOf, dhcpv6Type, parseDhcpv6 } from "../dhcpv6/index.ts";
import { type DnsMessage, dnsType, parseDnsMessage, responseCode, textOfData } from "../dns/index.ts";
import { bytesText, type Decoding, hex, type Layer } from "./decoding.ts";

export function decodeApplication(d: Decoding, transport: "tcp" | "udp", at: number, end: number): void {
  const isAt = (...wanted: readonly number[]): boolean => wanted.includes(d.ports[0]) || wanted.includes(d.ports[1]);
  if (transport === "udp" && isAt(53, 5353, 5355)) {
    decodeDns(d, at, end);
    return;
  }
  if (transport === "udp" && isAt(67, 68)) {
    decodeDhcp(d, at, end);
    return;
  }
  if (transport === "udp" && isAt(546, 547)) {
    decodeDhcpv6(d, at, end);
    return;
  }
  if (transport === "tcp" && isAt(53)) {
    decodeDnsOverTcp(d, at, end);
    return;
  }
  if (transport === "tcp" && decodeTls(d, at, end)) return;
  if (transport === "tcp" && decodeHttp(d, at, end)) return;
  d.layer("data", "Data", at, end - at);
}

const nameOf = (table: Readonly<Record<string, number>>, value: number): string | undefined =>
  Object.entries(table).find(([, number]) => number === value)?.[0];

const typeText = (type: number): string => nameOf(dnsType, type) ?? `type ${type}`;
/** The words of RFC 1035 §4.1.1, as dig writes them. */
const RESPONSES: Readonly<Record<number, string>> = {
  [responseCode.noError]: "NOERROR",
  [responseCode.formatError]: "FORMERR",
  [responseCode.serverFailure]: "SERVFAIL",
  [responseCode.nameError]: "NXDOMAIN",
  [responseCode.notImplemented]: "NOTIMP",
  [responseCode.refused]: "REFUSED",
};

/** RFC 1035; over multicast RFC 6762 (5353) and RFC 4795 (5355). */
function decodeDns(d: Decoding, at: number, end: number): void {
  const isMulticast = d.ports.includes(5353);
  const name = isMulticast ? "mDNS" : d.ports.includes(5355) ? "LLMNR" : "DNS";
  const layer = d.layer(isMulticast ? "mdns" : name.toLowerCase(), name, at, end - at);
  const message = parseDnsMessage(d.bytes.subarray(at, end));
  if (isMalformed(message)) {
    d.unreadable(layer, name, message.malformed);
    return;
  }
  describeDns(layer, message, at, end);
  d.says(name, dnsInfo(message));
}

function describeDns(layer: Layer, message: DnsMessage, at: number, end: number): void {
  const whole = [at, end - at] as const;
  layer.field("Identification", hex(message.id, 4), at, 2).field("Kind", message.isResponse ? "response" : "query", at + 2, 1);
  if (message.isResponse) layer.field("Response", RESPONSES[message.responseCode] ?? String(message.responseCode), at + 3, 1);
  const flags = { authoritative: message.isAuthoritative, truncated: message.isTruncated, "recursion desired": message.recursionDesired };
  layer.field(
    "Flags",
    Object.entries(flags)
      .flatMap(([flag, isSet]) => (isSet ? [flag] : []))
      .join(", ") || "none",
    at + 2,
    2,
  );
  for (const question of message.questions) layer.field("Question", `${question.name || "."} ${typeText(question.type)}`, ...whole);
  const sections = { Answer: message.answers, Authority: message.authorities, Additional: message.additionals };
  for (const [section, records] of Object.entries(sections)) {
    for (const record of records.slice(0, 30)) {
      layer.field(
        section,
        `${record.name || "."} ${record.ttlSeconds} s ${typeText(record.type)} ${textOfData(record.type, record.data)}`,
        ...whole,
      );
    }
  }
  if (message.edns) layer.field("EDNS", `version ${message.edns.version}, ${bytesText(message.edns.udpSize)} over UDP`, ...whole);
}

function dnsInfo(message: DnsMessage): string {
  const question = message.questions[0];
  const asked = question === undefined ? "" : ` ${typeText(question.type)} ${question.name || "."}`;
  if (!message.isResponse) return `query${asked}`;
  if (message.responseCode !== 0) return `${RESPONSES[message.responseCode] ?? `error ${message.responseCode}`}${asked}`;
  const answers = message.answers.slice(0, 3).map((record) => `${typeText(record.type)} ${textOfData(record.type, record.data)}`);
  return `answer${asked}${answers.length > 0 ? ` → ${answers.join(", ")}` : ": none"}${message.answers.length > 3 ? " …" : ""}`;
}

/** RFC 1035 §4.2.2: a length before each message; only messages that begin and end in this segment are read. */
function decodeDnsOverTcp(d: Decoding, at: number, end: number): void {
  if (at + 2 + 12 <= end && at + 2 + readU16(d.bytes, at) <= end) {
    decodeDns(d, at + 2, at + 2 + readU16(d.bytes, at));
    return;
  }
  d.layer("data", "Part of a DNS message", at, end - at);
}

const DHCP_WORDS: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(dhcpType).map(([word, number]) => [number, word]));

/** RFC 2131. */
function decodeDhcp(d: Decoding, at: number, end: number): void {
  const layer = d.layer("dhcp", "DHCP", at, end - at);
  const message = parseDhcp(d.bytes.subarray(at, end));
  if (isMalformed(message)) {
    d.unreadable(layer, "DHCP", message.malformed);
    return;
  }
  const kind = DHCP_WORDS[dhcpTypeOf(message) ?? 0] ?? message.operation;
  layer.field("Operation", message.operation, at, 1).field("Message", kind, at, end - at);
  layer.field("Transaction", hex(message.transactionId, 8), at + 4, 4).field("Client address", ipv4Text(message.clientAddress), at + 12, 4);
  layer.field("Your address", ipv4Text(message.yourAddress), at + 16, 4).field("Next server", ipv4Text(message.nextServer), at + 20, 4);
  layer.field("Relay", ipv4Text(message.relayAddress), at + 24, 4);
  if (message.clientHardware.length === 6) layer.field("Client MAC", macText(message.clientHardware), at + 28, 6);
  for (const [code, data] of message.options) layer.field(...dhcpOptionText(code, data), at + 236, end - at - 236);
  d.says("DHCP", dhcpInfo(kind, message));
}

function dhcpInfo(kind: string, message: DhcpMessage): string {
  const asked = message.options.get(dhcpOption.requestedAddress);
  const mac = message.clientHardware.length === 6 ? ` from ${macText(message.clientHardware)}` : "";
  if (message.operation === "reply") return `${kind} ${ipv4Text(message.yourAddress)}`;
  return `${kind}${asked?.length === 4 ? ` of ${ipv4Text(asked)}` : ""}${mac}`;
}

const latin = new TextDecoder();

function dhcpOptionText(code: number, data: Uint8Array): [string, string] {
  const name = nameOf(dhcpOption, code);
  const words =
    name === undefined ? `Option ${code}` : `Option ${code} (${name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)})`;
  const isText = data.length > 0 && data.every((byte) => byte >= 32 && byte < 127);
  const isAddress = data.length > 0 && data.length % 4 === 0 && data.length <= 32 && ADDRESS_OPTIONS.has(code);
  if (isAddress) return [words, Array.from({ length: data.length / 4 }, (_, index) => ipv4Text(data, index * 4)).join(", ")];
  if (code === dhcpOption.messageType) return [words, DHCP_WORDS[data[0] ?? 0] ?? String(data[0])];
  if (isText && data.length > 3) return [words, latin.decode(data)];
  return [words, data.length <= 16 ? Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(" ") : bytesText(data.length)];
}

/** Subnet mask, routers, DNS servers, broadcast, NTP servers, requested address, server id. */
const ADDRESS_OPTIONS: ReadonlySet<number> = new Set([1, 3, 6, 28, 42, 50, 54]);

/** RFC 8415. */
function decodeDhcpv6(d: Decoding, at: number, end: number): void {
  const layer = d.layer("dhcpv6", "DHCPv6", at, end - at);
  const message = parseDhcpv6(d.bytes.subarray(at, end));
  if (isMalformed(message)) {
    if (message.malformed === "relayed") d.says("DHCPv6", "relayed");
    else d.unreadable(layer, "DHCPv6", message.malformed);
    return;
  }
  const kind = (nameOf(dhcpv6Type, message.type) ?? String(message.type)).replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  layer.field("Message", kind, at, 1).field("Transaction", hex(message.transactionId, 6), at + 1, 3);
  for (const { code, data } of message.options)
    layer.field(
      `Option ${code}${nameOf(dhcpv6Option, code) ? ` (${nameOf(dhcpv6Option, code)})` : ""}`,
      bytesText(data.length),
      at + 4,
      end - at - 4,
    );
  const servers = dhcpv6OptionOf(message, dhcpv6Option.dnsServers);
  const dns = servers !== undefined && servers.length >= 16 ? `, DNS ${ipText(servers.subarray(0, 16))}` : "";
  d.says("DHCPv6", `${kind} ${hex(message.transactionId, 6)}${dns}`);
}

const TLS_RECORDS: Readonly<Record<number, string>> = { 20: "change cipher", 21: "alert", 22: "handshake", 23: "application data" };
const HANDSHAKES: Readonly<Record<number, string>> = {
  1: "client hello",
  2: "server hello",
  4: "new session ticket",
  11: "certificate",
  16: "client key exchange",
};

/** RFC 8446 §5.1 and §4.1.2: the record's head, and of a client hello the name of the server (RFC 6066 §3). */
function decodeTls(d: Decoding, at: number, end: number): boolean {
  const { bytes } = d;
  const type = bytes[at] as number;
  if (at + 5 > end || TLS_RECORDS[type] === undefined || bytes[at + 1] !== 3 || (bytes[at + 2] as number) > 4) return false;
  const layer = d.layer("tls", "TLS", at, end - at);
  const length = readU16(bytes, at + 3);
  layer
    .field("Record", TLS_RECORDS[type] as string, at, 1)
    .field("Version", hex(readU16(bytes, at + 1), 4), at + 1, 2)
    .field("Length", length, at + 3, 2);
  const handshake = type === 22 && at + 9 <= end ? HANDSHAKES[bytes[at + 5] as number] : undefined;
  if (handshake !== undefined) layer.field("Handshake", handshake, at + 5, 1);
  const server = handshake === "client hello" ? serverNameOf(bytes, at + 5, end) : undefined;
  if (server !== undefined) layer.field("Server name", server.name, server.at, server.name.length);
  d.says("TLS", `${handshake ?? TLS_RECORDS[type]}${server === undefined ? "" : ` for ${server.name}`}`);
  return true;
}

function serverNameOf(bytes: Uint8Array, at: number, recordEnd: number): { name: string; at: number } | undefined {
  const end = Math.min(recordEnd, at + 4 + readU24(bytes, at + 1));
  let place = at + 4 + 2 + 32;
  place += 1 + (bytes[place] ?? 0); // session
  place += 2 + readU16(bytes, place); // cipher suites
  place += 1 + (bytes[place] ?? 0); // compression
  place += 2; // length of all extensions
  while (place + 4 <= end) {
    const length = readU16(bytes, place + 2);
    if (readU16(bytes, place) === 0 && place + 9 <= end) {
      const nameLength = readU16(bytes, place + 7);
      const nameEnd = place + 9 + nameLength;
      return nameEnd > end || nameLength > 255 ? undefined : { name: latin.decode(bytes.subarray(place + 9, nameEnd)), at: place + 9 };
    }
    place += 4 + length;
  }
  return undefined;
}

const HTTP_BEGINS =
  /^(?:(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE) \S{1,2000} HTTP\/1\.[01]|HTTP\/1\.[01] \d{3}(?: [^\r\n]*)?)$/;
const MAX_LINE = 2048;

/** RFC 9112 §3, §4: the first line of a request or an answer, and the host that is meant. */
function decodeHttp(d: Decoding, at: number, end: number): boolean {
  const { bytes } = d;
  const first = bytes[at] as number;
  // Methods and “HTTP” begin with a capital.
  if (first < 0x41 || first > 0x5a) return false;
  const lineEnd = bytes.subarray(at, Math.min(end, at + MAX_LINE)).indexOf(10);
  if (lineEnd < 0) return false;
  const line = latin.decode(bytes.subarray(at, at + lineEnd)).replace(/\r$/, "");
  if (!HTTP_BEGINS.test(line)) return false;
  const layer = d.layer("http", "HTTP", at, end - at);
  layer.field(line.startsWith("HTTP/") ? "Status" : "Request", line, at, lineEnd);
  const head = latin.decode(bytes.subarray(at + lineEnd + 1, Math.min(end, at + MAX_LINE)));
  const host = /(?:^|\n)host:[ \t]*([^\r\n]{1,255})/i.exec(head)?.[1];
  if (host !== undefined) layer.field("Host", host, at + lineEnd + 1, Math.min(end, at + MAX_LINE) - at - lineEnd - 1);
  d.says("HTTP", line);
  return true;
}
