// One HTTP GET with the rules of the house: few redirects, each looked at again; no private address behind
// a redirect (the check is made on the very address that is connected to); time limits on silence.
import { lookup } from "node:dns";
import * as http from "node:http";
import * as https from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { MimicError, plain } from "@mimic/base";

const MAX_REDIRECTS = 5;
const HEADERS_WITHIN_MS = 30_000;
const SILENCE_MS = 60_000;

const privateAddresses = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["224.0.0.0", 3],
] as const)
  privateAddresses.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  privateAddresses.addSubnet(net, bits, "ipv6");

/** Loopback, link-local, private, shared, multicast and unspecified addresses, also inside IPv6. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPrivateAddress(mapped);
  if (/^::ffff:/i.test(address)) return true;
  return privateAddresses.check(address, family === 4 ? "ipv4" : "ipv6");
}

export interface GetOptions {
  readonly signal: AbortSignal;
  /** Ask for the bytes from here on. */
  readonly from?: number | undefined;
  /** Only if it is still this one (ETag), else the whole is sent. */
  readonly etag?: string | undefined;
  /** http:// is allowed (for what is signed, and for a person's own mirror). */
  readonly plainHttp: boolean;
  /** Redirects may lead to private addresses (a person's own mirror). */
  readonly privateRedirects: boolean;
}

export interface GetReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** After redirects. */
  readonly url: string;
}

const failed = (url: string, why: string, cause?: unknown): MimicError =>
  new MimicError("download.failed", `${plain(url, 300)} could not be fetched: ${plain(why)}.`, {
    hint: "Check the network connection, then try again: what is already here is kept and continued.",
    cause,
  });

const refusedRedirect = (url: string, why: string): MimicError =>
  new MimicError("download.redirect_refused", `${plain(url, 300)} was not followed: ${why}.`, {
    hint: "The server sends us to a place where this download must not lead. Use another mirror.",
  });

const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 4);
    const bad = addresses.find((entry) => isPrivateAddress(entry.address));
    const first = addresses[0];
    if (bad || !first) return callback(refusedRedirect(hostname, "it leads to a private address") as NodeJS.ErrnoException, "", 4);
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

function once(url: URL, guarded: boolean, options: GetOptions): Promise<http.IncomingMessage> {
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "Mimic" };
  if (options.from !== undefined && options.from > 0) {
    headers["range"] = `bytes=${options.from}-`;
    if (options.etag) headers["if-range"] = options.etag;
  }
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const get = url.protocol === "https:" ? https.get : http.get;
  const request = get(url, { headers, signal: options.signal, timeout: HEADERS_WITHIN_MS, ...(guarded ? { lookup: guardedLookup } : {}) });
  request.on("timeout", () => request.destroy(new Error("no answer in time")));
  request.on("error", reject);
  request.on("response", (response) => {
    response.setTimeout(SILENCE_MS, () => response.destroy(new Error("the server fell silent")));
    resolve(response);
  });
  return promise;
}

function checkTarget(url: URL, hop: number, options: GetOptions): void {
  if (url.protocol !== "https:" && !(url.protocol === "http:" && options.plainHttp))
    throw refusedRedirect(url.href, "only https is accepted");
  if (url.username || url.password) throw refusedRedirect(url.href, "the address carries a name or password");
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (hop > 0 && !options.privateRedirects && isIP(literal) !== 0 && isPrivateAddress(literal))
    throw refusedRedirect(url.href, "it leads to a private address");
}

/** Throws `download.failed`, `download.redirect_refused`; other statuses are the caller's to judge. The body must be read or returned. */
export async function httpGet(address: string, options: GetOptions): Promise<GetReply> {
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    checkTarget(url, hop, options);
    let response: http.IncomingMessage;
    try {
      response = await once(url, hop > 0 && !options.privateRedirects, options);
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      if (error instanceof MimicError) throw error;
      throw failed(url.href, error instanceof Error ? error.message : String(error), error);
    }
    const status = response.statusCode ?? 0;
    const location = response.headers.location;
    if (status >= 300 && status < 400 && status !== 304 && location) {
      response.destroy();
      if (!URL.canParse(location, url)) throw refusedRedirect(address, "the server names an address that is none");
      url = new URL(location, url);
      continue;
    }
    return { status, headers: response.headers, body: bodyOf(response, url.href, options.signal), url: url.href };
  }
  throw refusedRedirect(address, `it redirects more than ${MAX_REDIRECTS} times`);
}

async function* bodyOf(response: http.IncomingMessage, url: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw failed(url, error instanceof Error ? error.message : String(error), error);
  } finally {
    response.destroy();
  }
}

export { failed as downloadFailed };
