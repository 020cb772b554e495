// A workbench for tests of the doors: every verb answers, and counts that it was called. What matters to a test
// (events, a running machine) it sets itself.
import { refusal } from "@mimic/base";
import type { Event, MachineView, StreamLagged } from "@mimic/model";
import { HardwareSpec } from "@mimic/model";
import type { FabricConnection, RunningMachine, SerialPort, Workbench } from "@mimic/workbench";

export interface FakeWorkbench {
  readonly workbench: Workbench;
  /** “machines.start” per call, in order: the state that a refused request must not change. */
  readonly calls: string[];
  running: RunningMachine | undefined;
  events: AsyncIterable<Event | StreamLagged> | undefined;
  eventsAskedAfter: (number | undefined)[];
  uploaded: Uint8Array[];
  /** Thrown by “machines.kill”. */
  failure: unknown;
}

const AT = "2026-01-01T00:00:00.000Z";

export const aMachine = (name: string): MachineView => ({
  id: "mch_00000000000000000000000000",
  name: name as MachineView["name"],
  createdAt: AT,
  note: "",
  hardware: HardwareSpec.parse({}),
  hardwareInWords: "1 core",
  readiness: { sign: { kind: "none" }, withinMs: 1000 },
  login: undefined,
  power: "running",
  because: "switched on",
  since: AT,
  pending: [],
  diskBytes: 0,
  links: [],
});

export const aJob = (kind: string) => ({
  id: "job_0",
  kind,
  title: kind,
  subjects: [],
  state: "done" as const,
  startedAt: AT,
  words: "",
  cancellable: false,
});

export function fakeWorkbench(): FakeWorkbench {
  const fake: FakeWorkbench = {
    calls: [],
    running: undefined,
    events: undefined,
    eventsAskedAfter: [],
    uploaded: [],
    failure: undefined,
    workbench: undefined as never,
  };
  const answers: Readonly<Record<string, (input: Record<string, unknown>) => unknown>> = {
    "machines.list": () => ({ machines: [aMachine("hello")] }),
    "machines.show": ({ machine }) =>
      machine === "missing" ? refusal("machine.unknown", "There is no such machine.", "mimic ls") : aMachine(String(machine)),
    "machines.pause": () => refusal("machine.not_running", "It is off.", "Start it."),
    "machines.kill": () => {
      throw fake.failure ?? new Error("secret inner words");
    },
    "machines.log": ({ which }) => ({ text: String(which) }),
    "jobs.wait": ({ withinMs }) => ({ ...aJob("x"), total: withinMs }),
    "networks.capture": async function* () {
      yield Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a);
    },
    "networks.connect": () => fakeConnection(),
    "images.upload": async ({ stream, name }) => {
      if (name === "never read") return { job: aJob("image.import") };
      for await (const bytes of stream as AsyncIterable<Uint8Array>) fake.uploaded.push(bytes);
      return { job: aJob("image.import") };
    },
  };
  const area = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_target, verb) =>
          async (input: Record<string, unknown>): Promise<unknown> => {
            const id = `${name}.${String(verb)}`;
            fake.calls.push(id);
            return (await answers[id]?.(input)) ?? {};
          },
      },
    );
  const workbench = {
    ...Object.fromEntries(
      ["host", "machines", "networks", "templates", "disposables", "moments", "storages", "images", "systems", "jobs", "trash"].map(
        (name) => [name, area(name)],
      ),
    ),
    events: {
      seq: 0,
      subscribe: ({ afterSeq, signal }: { afterSeq?: number; signal: AbortSignal }) => {
        fake.eventsAskedAfter.push(afterSeq);
        return fake.events ?? untilAborted(signal);
      },
    },
    running: () => fake.running ?? refusal("machine.not_running", "It is off.", "Start it."),
    close: async () => ({ stoppedMachines: [] }),
  };
  return Object.assign(fake, { workbench: workbench as unknown as Workbench });
}

/** Says back what it is told. */
function fakeConnection(): FabricConnection {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return {
    readable: readable as unknown as AsyncIterable<Uint8Array>,
    write: (bytes) => writer.write(bytes),
    end: () => writer.close(),
    [Symbol.asyncDispose]: () => writer.close().catch(() => {}),
  };
}

async function* untilAborted(signal: AbortSignal): AsyncGenerator<never, void, void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

/** A serial port whose guest speaks when the test says so. */
export interface FakePort extends SerialPort {
  say(bytes: Uint8Array): void;
  readonly written: Uint8Array[];
}

export function fakePort(history = ""): FakePort {
  const ears = new Set<(bytes: Uint8Array) => void>();
  const written: Uint8Array[] = [];
  return {
    written,
    history: () => Buffer.from(history),
    listen(hear) {
      ears.add(hear);
      return { [Symbol.dispose]: () => void ears.delete(hear) };
    },
    write: (bytes) => void written.push(bytes),
    say(bytes) {
      for (const hear of ears) hear(bytes);
    },
  };
}

/** Only what live connections look at; everything else is absent and would throw. */
export function fakeMachine(parts: Partial<RunningMachine>): RunningMachine {
  return {
    serial: [],
    shell: undefined,
    agent: undefined,
    displaySocket: undefined,
    hasSound: false,
    listen: () => ({ [Symbol.dispose]() {} }),
    screenshot: async () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
    ...parts,
  } as unknown as RunningMachine;
}
