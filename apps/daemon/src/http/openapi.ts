// OpenAPI 3.1, from the contract, with the raw and live routes written by hand beside it. Made on the first
// request and kept: the generator and the schema converter are not loaded by a daemon that nobody asks.
import { contract } from "@mimic/api";
import { API_PREFIX } from "@mimic/api/routes";
import { doorRoutes } from "./door-routes.ts";

type Json = Record<string, unknown>;
let kept: Promise<Json> | undefined;

export function openApiDocument(version: string): Promise<Json> {
  kept ??= makeDocument(version);
  return kept;
}

async function makeDocument(version: string): Promise<Json> {
  const [{ OpenAPIGenerator }, { ZodToJsonSchemaConverter }] = await Promise.all([import("@orpc/openapi"), import("@orpc/zod/zod4")]);
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = (await generator.generate(contract, {
    info: { title: "Mimic", version, description: DESCRIPTION },
    servers: [{ url: API_PREFIX }],
    components: { securitySchemes: SECURITY, schemas: { Problem: PROBLEM } } as never,
    security: [{ token: [] }, { session: [], csrf: [] }],
  })) as unknown as Json;
  const paths = (document.paths ?? {}) as Record<string, Record<string, Json>>;
  for (const route of doorRoutes()) {
    const path = route.path.slice(API_PREFIX.length);
    paths[path] ??= {};
    const byMethod = paths[path];
    const method = route.method.toLowerCase();
    byMethod[method] = { ...(byMethod[method] ?? byHand(route.id, path)), operationId: route.id };
    const operation = byMethod[method];
    operation.responses = { ...(operation.responses as Json), default: PROBLEM_REPLY };
    if (route.access === "unix") operation["x-mimic-only"] = "unix socket";
    if (route.access === "code") operation.security = [];
  }
  return { ...document, paths };
}

const DESCRIPTION =
  "Mimic answers on a unix socket of its owner, where no token is needed, and on loopback. There each request needs “Authorization: Bearer TOKEN” " +
  "(the token file in the data directory), or a session's cookie with its value in X-Mimic-CSRF. Long work answers a job. Every error is a Problem.";
const SECURITY = {
  token: { type: "http", scheme: "bearer" },
  session: { type: "apiKey", in: "cookie", name: "mimic-PORT" },
  csrf: { type: "apiKey", in: "header", name: "X-Mimic-CSRF" },
};
const text = (description: string): Json => ({ type: "string", description });
const PROBLEM: Json = {
  type: "object",
  required: ["code", "message", "hint", "requestId"],
  properties: {
    code: text("stable; every code is explained in docs/errors.md"),
    message: text("what happened, for people"),
    hint: text("what to do next"),
    detail: text("for experts"),
    requestId: text("the same id stands in the daemon's log"),
  },
};
const PROBLEM_REPLY = {
  description: "What went wrong",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Problem" } } },
};
const BYTES = { "application/octet-stream": { schema: { type: "string", contentEncoding: "binary" } } };
const query = (name: string, description: string, required = false): Json => ({
  name,
  in: "query",
  required,
  description,
  schema: { type: "string" },
});

interface ByHand {
  readonly tag: string;
  readonly summary: string;
  readonly query?: readonly Json[];
  readonly body?: Json;
  readonly answer?: Json;
}
const live = (summary: string, ...parameters: Json[]): ByHand => ({ tag: "live", summary: `${summary} (WebSocket)`, query: parameters });
const VIEW_ONLY = query("viewOnly", "1: what this viewer sends is dropped");
const ENDS_MACHINE = query("endsMachine", "1 = a disposable machine goes when this connection does");
const CAPTURE = [
  query("port", "only this port's frames: its id, its name, or its machine's"),
  query("vlan", "only this VLAN's"),
  query("filter", "in the common syntax: “tcp port 80 and host 10.77.0.10”"),
  query("drops", "1: dropped frames too, each with the reason"),
];

/** What the contract cannot say, because no body here is JSON. */
const BY_HAND: Readonly<Record<string, ByHand>> = {
  "raw.events": {
    tag: "events",
    summary: "What happens, as server-sent events; the id of each is its number",
    query: [query("after", "go on after the event with this number")],
    answer: { "text/event-stream": { schema: { type: "string" } } },
  },
  "raw.openapi": { tag: "host", summary: "This description", answer: { "application/json": { schema: { type: "object" } } } },
  "raw.screenshot": {
    tag: "machines",
    summary: "Its screen as a picture",
    answer: { "image/png": { schema: { type: "string", contentEncoding: "binary" } } },
  },
  "raw.readFile": {
    tag: "machines",
    summary: "A file out of the guest, through its agent",
    query: [query("path", "in the guest", true)],
    answer: BYTES,
  },
  "raw.writeFile": {
    tag: "machines",
    summary: "A file into the guest, through its agent",
    query: [query("path", "in the guest", true)],
    body: BYTES,
  },
  "raw.upload": {
    tag: "images",
    summary: "Bring a file of your own from the browser; answers the job when the file has arrived",
    query: [query("name", "what to call it", true), query("fileName", ""), query("format", ""), query("kind", "disk, cd, floppy or boot")],
    body: BYTES,
  },
  "raw.capture": {
    tag: "networks",
    summary: "Frames as pcap-ng, from now on until the client goes",
    query: [...CAPTURE, query("snapLength", "bytes kept of each frame; 0 = all")],
    answer: { "application/x-pcapng": { schema: { type: "string", contentEncoding: "binary" } } },
  },
  "live.display": live("Screen, keyboard and mouse, as RFB 3.8", VIEW_ONLY),
  "live.pointer": live("A mouse that moves by so much, for systems that know no tablet"),
  "live.sound": live("Sound: signed 16-bit little-endian stereo at 44,100 Hz"),
  "live.serial": live("Serial console, its history first", query("port", "which one, from 0"), VIEW_ONLY),
  "live.shell": live("A shell in the guest", VIEW_ONLY, ENDS_MACHINE),
  "live.exec": live("Run a command in the guest", ENDS_MACHINE),
  "live.tcp": live(
    "A TCP connection to the machine, through its network's gateway",
    query("port", "22 when left out"),
    query("nic", "when it has several"),
  ),
  "live.packets": live("Frames as they pass, decoded", ...CAPTURE),
};

function byHand(id: string, path: string): Json {
  const words = BY_HAND[id];
  if (words === undefined) throw new Error(`${id} has no words in the API's description`);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  const status = id.startsWith("live.") ? "101" : "200";
  return {
    tags: [words.tag],
    summary: words.summary,
    parameters: [...inPath, ...(words.query ?? [])],
    ...(words.body === undefined ? {} : { requestBody: { required: true, content: words.body } }),
    responses: { [status]: { description: "OK", ...(words.answer === undefined ? {} : { content: words.answer }) } },
  };
}
