// Writing answers: the same security headers on all of them, errors too.
import type { ServerResponse } from "node:http";
import { statusOf, toProblem } from "./problem.ts";

/** Source: Content Security Policy Level 3, Fetch (CORP), HTML (COOP). No CORS header is ever sent. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; " +
    "worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** What the reply needs beyond Node's: the id that problems and log lines carry. */
export interface Reply {
  readonly response: ServerResponse;
  readonly requestId: string;
}

export function sendJson({ response }: Reply, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...SECURITY_HEADERS, "content-type": "application/json", "content-length": text.length });
  response.end(text);
}

/** Answers a Refusal or anything thrown. Headers already sent: the connection is cut, so that half an answer does not look whole. */
export function sendProblem(reply: Reply, error: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const { response, requestId } = reply;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = Buffer.from(JSON.stringify({ ...toProblem(error), requestId }));
  response.writeHead(statusOf(error), {
    ...SECURITY_HEADERS,
    "content-type": "application/json",
    "content-length": text.length,
    ...headers,
  });
  response.end(text);
}

/** For connections that have no ServerResponse: broken requests and refused upgrades. */
export function rawProblem(status: number, problem: object, headers: Readonly<Record<string, string>> = {}): string {
  const body = JSON.stringify(problem);
  const lines = Object.entries({ ...SECURITY_HEADERS, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}\r\n${lines.join("")}` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  421: "Misdirected Request",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
