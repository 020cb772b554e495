// Every route of the API as plain data: method and path. Nothing is imported here, so that a client
// (the command line starts in a few hundredths of a second) can have the routes without the schemas.
// The contract beside this file gives each its input, output and words; a test holds the two together.

export type Method = "GET" | "POST" | "PATCH" | "DELETE";
export interface Route {
  readonly method: Method;
  readonly path: `/${string}`;
}
const get = (path: `/${string}`): Route => ({ method: "GET", path });
const post = (path: `/${string}`): Route => ({ method: "POST", path });
const patch = (path: `/${string}`): Route => ({ method: "PATCH", path });
const del = (path: `/${string}`): Route => ({ method: "DELETE", path });

export const API_PREFIX = "/api/v1";

export const routes = {
  host: {
    show: get("/host"),
    diagnose: post("/host/diagnosis"),
    lan: get("/host/lan"),
    usb: get("/host/usb"),
  },
  machines: {
    list: get("/machines"),
    create: post("/machines"),
    show: get("/machines/{machine}"),
    change: patch("/machines/{machine}"),
    remove: del("/machines/{machine}"),
    clone: post("/machines/{machine}/clones"),
    renew: post("/machines/{machine}/renewal"),
    start: post("/machines/{machine}/start"),
    stop: post("/machines/{machine}/stop"),
    restart: post("/machines/{machine}/restart"),
    kill: post("/machines/{machine}/kill"),
    pause: post("/machines/{machine}/pause"),
    resume: post("/machines/{machine}/resume"),
    reset: post("/machines/{machine}/reset"),
    press: post("/machines/{machine}/keys"),
    type: post("/machines/{machine}/text"),
    changeMedium: post("/machines/{machine}/media"),
    lendUsb: post("/machines/{machine}/lent-usb"),
    takeBackUsb: del("/machines/{machine}/lent-usb/{socket}"),
    tryOut: post("/machines/{machine}/trials"),
    compactDisk: post("/machines/{machine}/disks/{disk}/compact"),
    moveDisk: post("/machines/{machine}/disks/{disk}/move"),
    flattenDisk: post("/machines/{machine}/disks/{disk}/flatten"),
    timetable: post("/machines/{machine}/timetable"),
    explain: get("/machines/{machine}/explanation"),
    hardware: get("/machines/{machine}/hardware"),
    story: get("/machines/{machine}/story"),
    log: get("/machines/{machine}/log"),
    load: get("/machines/{machine}/load"),
    guest: get("/machines/{machine}/guest"),
    ping: get("/machines/{machine}/guest/answer"),
    addNic: post("/machines/{machine}/nics"),
    changeNic: patch("/machines/{machine}/nics/{nic}"),
    removeNic: del("/machines/{machine}/nics/{nic}"),
  },
  networks: {
    list: get("/networks"),
    create: post("/networks"),
    show: get("/networks/{network}"),
    change: patch("/networks/{network}"),
    remove: del("/networks/{network}"),
    setVlan: post("/networks/{network}/vlans"),
    removeVlan: del("/networks/{network}/vlans/{vlan}"),
    addPort: post("/networks/{network}/ports"),
    changePort: patch("/networks/{network}/ports/{port}"),
    removePort: del("/networks/{network}/ports/{port}"),
    addForward: post("/networks/{network}/forwards"),
    removeForward: del("/networks/{network}/forwards/{forward}"),
    addRule: post("/networks/{network}/rules"),
    moveRule: patch("/networks/{network}/rules/{rule}"),
    removeRule: del("/networks/{network}/rules/{rule}"),
    leases: get("/networks/{network}/leases"),
    releaseLease: del("/networks/{network}/leases/{mac}"),
    reserve: post("/networks/{network}/reservations"),
    unreserve: del("/networks/{network}/reservations/{mac}"),
    counters: get("/networks/{network}/counters"),
    drops: get("/networks/{network}/drops"),
    trace: post("/networks/{network}/traces"),
    layout: post("/networks/{network}/layout"),
  },
  templates: {
    list: get("/templates"),
    show: get("/templates/{template}"),
    make: post("/machines/{machine}/templates"),
    change: patch("/templates/{template}"),
    remove: del("/templates/{template}"),
    verify: post("/templates/{template}/verification"),
    verification: get("/templates/{template}/verification"),
    removeGeneration: del("/templates/{template}/generations/{generation}"),
  },
  moments: {
    list: get("/machines/{machine}/moments"),
    take: post("/machines/{machine}/moments"),
    restore: post("/machines/{machine}/moments/{moment}/restore"),
    change: patch("/machines/{machine}/moments/{moment}"),
    remove: del("/machines/{machine}/moments/{moment}"),
    compare: post("/machines/{machine}/moments/{moment}/comparison"),
    routine: patch("/machines/{machine}/routine"),
    takeTogether: post("/moments"),
    restoreTogether: post("/machines/{machine}/moments/{moment}/restore-together"),
    suspend: post("/machines/{machine}/suspend"),
    picture: get("/machines/{machine}/moments/{moment}/picture"),
  },
  disposables: {
    run: post("/disposables"),
    keep: post("/machines/{machine}/keep"),
    discard: post("/machines/{machine}/discard"),
  },
  storages: {
    list: get("/storages"),
    /** Only over the unix socket: the folder is on this computer. */
    add: post("/storages"),
    remove: del("/storages/{storage}"),
  },
  images: {
    list: get("/images"),
    show: get("/images/{image}"),
    pull: post("/images/pull"),
    import: post("/images/import"),
    verify: post("/images/{image}/verification"),
    remove: del("/images/{image}"),
  },
  systems: {
    list: get("/systems"),
    show: get("/systems/{system}"),
  },
  jobs: {
    list: get("/jobs"),
    show: get("/jobs/{job}"),
    /** Answers when the job has ended or `withinMs` is over, whichever is first. */
    wait: get("/jobs/{job}/end"),
    cancel: post("/jobs/{job}/cancel"),
  },
  trash: {
    list: get("/trash"),
    restore: post("/trash/{entry}/restore"),
    remove: del("/trash/{entry}"),
    empty: del("/trash"),
  },
  sessions: {
    /** A one-time code for the browser; only over the unix socket. */
    code: post("/sessions/codes"),
    /** The code for a cookie and a CSRF value; the only route without a token. */
    open: post("/sessions"),
    /** A page that was loaded again asks for its CSRF value (cookie and a same-origin fetch needed). */
    renew: post("/sessions/renewal"),
    close: del("/sessions"),
  },
  daemon: {
    /** Only over the unix socket. */
    shutdown: post("/daemon/shutdown"),
  },
} as const satisfies Record<string, Record<string, Route>>;

/**
 * Routes whose body is no JSON, served beside the contract behind the same gate:
 * bytes, streams and WebSockets. `{…}` as above.
 */
export const rawRoutes = {
  /** Server-sent events; `?after=SEQ` resumes. Each `data:` is an Event or StreamLagged of the model; `id:` is its seq. */
  events: { method: "GET", path: "/events" },
  openapi: { method: "GET", path: "/openapi.json" },
  /** image/png */
  screenshot: { method: "GET", path: "/machines/{machine}/screenshot" },
  /** application/octet-stream out of the guest: `?path=`. */
  readFile: { method: "GET", path: "/machines/{machine}/files" },
  /** application/octet-stream into the guest: `?path=`. */
  writeFile: { method: "POST", path: "/machines/{machine}/files" },
  /** application/octet-stream: a file from the browser: `?name=&format=&kind=`; answers a job. */
  upload: { method: "POST", path: "/images/upload" },
  /**
   * application/x-pcapng, until the client goes: `?port=` or `?vlan=` (else the whole network), `?filter=` in the common
   * syntax, `?snapLength=`, `?drops=1` for dropped frames too, each with a comment.
   */
  capture: { method: "GET", path: "/networks/{network}/capture" },
} as const;

/** WebSocket paths. Each is described in `live.ts`. */
export const liveRoutes = {
  display: "/machines/{machine}/display",
  pointer: "/machines/{machine}/pointer",
  sound: "/machines/{machine}/sound",
  serial: "/machines/{machine}/serial",
  shell: "/machines/{machine}/shell",
  exec: "/machines/{machine}/exec",
  tcp: "/machines/{machine}/tcp",
  packets: "/networks/{network}/packets",
} as const;

/** Puts parameters into a path, encoded. */
export function fillPath(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(parameters[key] ?? ""));
}
