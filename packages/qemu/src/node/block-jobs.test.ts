// What QEMU has done is done: a job that is cut off at its very end, or at its very beginning.
import type { QmpSession } from "@mimic/qmp";
import { VirtualClock } from "@mimic/testkit";
import { expect, test } from "vitest";
import { runBlockJob } from "./block-jobs.ts";

interface Job {
  status: string;
  error?: string;
}

/** A QEMU with one job. `onAsk` is called at each look at it. */
function aQemu(job: Job, onAsk: (asked: number) => void = () => {}) {
  const said: string[] = [];
  let asked = 0;
  let isThere = true;
  const execute = async (command: string, _arguments: object, { signal }: { signal: AbortSignal }): Promise<unknown> => {
    signal.throwIfAborted();
    said.push(command);
    if (command === "job-dismiss") isThere = false;
    if (command === "block-job-cancel") Object.assign(job, { status: "concluded", error: "Operation canceled" });
    if (command !== "query-jobs") return {};
    onAsk(++asked);
    return isThere ? [{ id: "job", "current-progress": 0, "total-progress": 1, ...job }] : [];
  };
  return { session: { execute } as unknown as QmpSession, said };
}

const clock = Object.assign(new VirtualClock(), { sleep: async () => {} });
const work = (signal: AbortSignal) => ({ signal, clock, report: () => {}, words: "working" });

test("a job that had ended well when it was to be cut off counts as done", async () => {
  const abort = new AbortController();
  const job: Job = { status: "running" };
  const { session } = aQemu(job, (asked) => {
    if (asked > 1) return;
    abort.abort(new Error("something else comes first"));
    job.status = "concluded";
  });
  await expect(runBlockJob(session, "job", async () => {}, work(abort.signal))).resolves.toBeUndefined();
});

test("one that had not is cut off, and so is one that began while nobody waited for QEMU's answer any more", async () => {
  const abort = new AbortController();
  const running = aQemu({ status: "running" }, () => abort.abort(new Error("cut off")));
  await expect(runBlockJob(running.session, "job", async () => {}, work(abort.signal))).rejects.toThrow("cut off");
  expect(running.said).toContain("block-job-cancel");
  const unheard = aQemu({ status: "running" });
  const begin = async () => Promise.reject(new Error("cut off before the answer"));
  await expect(runBlockJob(unheard.session, "job", begin, work(new AbortController().signal))).rejects.toThrow("before the answer");
  expect(unheard.said).toEqual(["query-jobs", "block-job-cancel", "query-jobs", "job-dismiss"]);
});
