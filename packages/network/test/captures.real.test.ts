// What we write is read by the tools of the field, and says there what it says here.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { concatBytes } from "@mimic/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CaptureStream, captureTime } from "../src/index.ts";
import { type Corpus, makeCorpus, runTool } from "./corpus.ts";

let corpus: Corpus;
beforeAll(async () => {
  corpus = await makeCorpus();
});
afterAll(() => corpus?.[Symbol.asyncDispose]());

/** A capture of the whole corpus at two ports, every tenth frame with a reason why it was dropped; the third port is never seen. */
function captureOfCorpus(): Uint8Array {
  const stream = new CaptureStream({ snapLength: 0, filter: "tcp or udp", bufferBytes: 1 << 20 });
  const ports = [
    stream.addInterface({ name: "hello", mac: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1) }),
    stream.addInterface({ name: "Grüße an “lab”" }),
  ];
  stream.addInterface({ name: "silent", description: "link to lab" });
  for (const [index, frame] of corpus.frames.entries()) {
    const comment = index % 10 === 0 ? `dropped: its source MAC is not the NIC's own (${index} – “ü”)` : undefined;
    stream.packet(
      ports[index % 2] as number,
      frame,
      captureTime(1_700_000_000 + index, 123_456_789),
      index % 3 === 0 ? "inbound" : "outbound",
      comment,
    );
  }
  stream.passedOver(0);
  stream.close(captureTime(1_700_001_000, 1));
  const parts: Uint8Array[] = [];
  for (let part = stream.take(); part !== undefined; part = stream.take()) parts.push(part);
  return concatBytes(...parts);
}

test("tshark reads every frame of a capture: its port, time, direction, length and comment", async () => {
  const path = join(corpus.folder, "ours.pcapng");
  await writeFile(path, captureOfCorpus());
  const fields = ["frame.number", "frame.interface_name", "frame.time_epoch", "frame.packet_flags_direction", "frame.len", "frame.comment"];
  const { code, stdout, stderr } = await runTool("tshark", [
    "-r",
    path,
    "-T",
    "fields",
    "-E",
    "separator=|",
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  expect(stderr).not.toMatch(/cut short|damaged|corrupt/i);
  expect(code).toBe(0);
  const lines = stdout.toString("utf8").trimEnd().split("\n");
  expect(lines).toEqual(
    corpus.frames.map((frame, index) =>
      [
        index + 1,
        index % 2 === 0 ? "hello" : "Grüße an “lab”",
        `${1_700_000_000 + index}.123456789`,
        index % 3 === 0 ? "0x00000001" : "0x00000002",
        frame.length,
        index % 10 === 0 ? `dropped: its source MAC is not the NIC's own (${index} – “ü”)` : "",
      ].join("|"),
    ),
  );
});

test("capinfos finds three interfaces with their filter and precision, and our count of frames", async () => {
  const path = join(corpus.folder, "ours-too.pcapng");
  await writeFile(path, captureOfCorpus());
  const { stdout } = await runTool("capinfos", [path]);
  const said = stdout.toString("utf8");
  expect(said).toContain(`Number of packets:   ${corpus.frames.length}`);
  expect(said).toContain("Number of interfaces in file: 3");
  expect(said).toContain("Capture application: Mimic");
  expect(said.match(/Filter string = tcp or udp/g)).toHaveLength(3);
  expect(said.match(/Time precision = nanoseconds \(9\)/g)).toHaveLength(3);
  expect(said).toContain("Name = silent");
});

test("tshark says how many frames were lost, when frames were lost", async () => {
  const stream = new CaptureStream({ snapLength: 64, bufferBytes: 1 });
  const port = stream.addInterface({ name: "busy" });
  for (let i = 0; i < 20_000; i++) stream.packet(port, new Uint8Array(1500), captureTime(1_700_000_000, i), "inbound");
  const first = stream.take() as Uint8Array;
  const parts = [first];
  for (let part = stream.take(); part !== undefined; part = stream.take()) parts.push(part);
  stream.packet(port, new Uint8Array(1500), captureTime(1_700_000_001, 0), "inbound");
  stream.close(captureTime(1_700_000_002, 0));
  parts.push(stream.take() as Uint8Array);
  const path = join(corpus.folder, "lossy.pcapng");
  await writeFile(path, concatBytes(...parts));
  const { stdout } = await runTool("tshark", [
    "-r",
    path,
    "-T",
    "fields",
    "-e",
    "frame.drop_count",
    "-e",
    "frame.len",
    "-e",
    "frame.cap_len",
  ]);
  const lines = stdout.toString("utf8").trimEnd().split("\n");
  const { lost } = stream.counters();
  expect(lost).toBeGreaterThan(1000);
  expect(lines).toHaveLength(20_001 - lost);
  expect(lines.at(-1)?.trim()).toBe(`${lost}\t1500\t64`);
});
