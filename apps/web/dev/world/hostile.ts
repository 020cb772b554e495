// A world in which everything that can be called something is called the worst.
import type { MachineView } from "@mimic/model";
import { hostileNetworks } from "../network-world.ts";
import { diagnosis } from "./host.ts";
import { before, hex, idOf, image, job, type World, withPorts } from "./parts.ts";
import { usual } from "./usual.ts";

/** Names and words that a guest, an image or a web page could choose; each must be shown and do nothing. */
export const HOSTILE: readonly string[] = [
  "<script>window.__hit=1</script>",
  "<img src=x onerror=window.__hit=1>",
  '"><svg onload=window.__hit=1>',
  '\'><iframe srcdoc="<script>parent.__hit=1</script>">',
  "<a href=javascript:window.__hit=1>x</a>",
  "javascript:window.__hit=1",
  "{{constructor.constructor('window.__hit=1')()}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to stay a text
  "${window.__hit=1}",
  "</title><script>window.__hit=1</script>",
  "</textarea><script>window.__hit=1</script>",
  "<style>@import 'http://127.0.0.1:9/x';</style>",
  "<link rel=stylesheet href=http://127.0.0.1:9/>",
  "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
  "<base href=http://127.0.0.1:9/>",
  "<form action=http://127.0.0.1:9/><button>go</button></form>",
  "<object data=http://127.0.0.1:9/>",
  "<embed src=http://127.0.0.1:9/>",
  "<video src=http://127.0.0.1:9/ onerror=window.__hit=1>",
  "<math><mi xlink:href=javascript:window.__hit=1>x</mi></math>",
  "<details open ontoggle=window.__hit=1>",
  "&lt;script&gt;window.__hit=1&lt;/script&gt;",
  "\u003cscript\u003ewindow.__hit=1\u003c/script\u003e",
  "<scr\u0000ipt>window.__hit=1</script>",
  "<ſcript>window.__hit=1</ſcript>",
  "\u202egnp.exe",
  "\u2066\u2067\u2068abc\u2069",
  "a\u200b\u200c\u200db",
  "\u001b]52;c;aGl0\u0007",
  "\u001b]8;;http://127.0.0.1:9/\u0007click\u001b]8;;\u0007",
  "\u001b]0;pwned\u0007",
  "\u001b[2J\u001b[H",
  "\u009b31m",
  "\r\n\r\nHTTP/1.1 200 OK",
  "../../../../etc/passwd",
  "__proto__",
  "constructor",
  `${"A".repeat(5000)}`,
  "Z\u0351\u036b\u0343\u036a".repeat(50),
  "مرحبا <b>بالعالم</b>",
  "\ud800broken",
  "%3Cscript%3Ewindow.__hit=1%3C/script%3E",
];

export function hostile(): World {
  const world = usual();
  const first = world.machines[0] as MachineView;
  const text = (n: number): string => HOSTILE[n % HOSTILE.length] as string;
  const machines: MachineView[] = [
    ...HOSTILE.map(
      (payload, n): MachineView => ({
        ...first,
        id: idOf("mch", 5000 + n),
        name: `m-${n}` as MachineView["name"],
        systemName: payload,
        because: payload,
        note: payload,
        power: n % 2 ? "failed" : "stopped",
        usableBy: undefined,
        isolation: { grade: "C", because: [payload] },
      }),
    ),
    { ...first, id: idOf("mch", 7000), name: HOSTILE[0] as MachineView["name"] },
  ];
  const networks = withPorts(hostileNetworks(machines, HOSTILE), machines);
  return {
    ...world,
    machines,
    networks,
    isHostile: true,
    images: HOSTILE.map((payload, n) => ({
      ...image(hex(100 + n).replace(/^.{4}/, n.toString(16).padStart(4, "0")), payload.slice(0, 120) || "x", "cd", 1000, [
        payload.slice(0, 60),
      ]),
      source: payload.slice(0, 2000),
      verifiedBy: payload.slice(0, 500),
    })),
    jobs: HOSTILE.map((payload, n) =>
      job(6000 + n, {
        kind: "image.import",
        title: payload,
        state: n % 2 ? "running" : "failed",
        words: payload,
        ...(n % 2 ? {} : { endedAt: before(1), problem: { code: payload.slice(0, 80), message: payload, hint: payload, detail: payload } }),
      }),
    ),
    trash: HOSTILE.map((payload, n) => ({
      id: idOf("trs", 50 + n),
      name: payload,
      machineId: idOf("mch", 8000 + n),
      trashedAt: before(5),
      expiresAt: before(-500),
      diskBytes: 1,
    })),
    diagnosis: {
      ...diagnosis,
      findings: HOSTILE.map((payload, n) => ({
        id: String(n),
        title: payload,
        state: "bad" as const,
        found: payload,
        mend: payload,
        detail: payload,
      })),
    },
    host: { ...world.host, hostname: text(0), qemuVersion: text(1) },
    guest: { system: text(0), hostname: text(1), agentVersion: text(2) },
    desktopName: text(1),
    serial: HOSTILE.join("\r\n"),
  };
}
