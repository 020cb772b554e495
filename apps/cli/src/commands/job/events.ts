// `mimic events`: what happens, as it happens, until Ctrl-C.
import { rawRoutes } from "@mimic/api/routes";
import { plain } from "@mimic/base";
import type { Event, StreamLagged } from "@mimic/model";
import { readSeq } from "../../arguments.ts";
import type { CommandSpec, Context } from "../../command.ts";
import { EventWords } from "../../event-words.ts";
import { aside, hasColour, printJson } from "../../io.ts";
import { rawRequest } from "../../raw-http.ts";
import { UnreachableError } from "../../say.ts";
import { readEvents } from "../../sse.ts";
import { tinted } from "../../table.ts";

export const command: CommandSpec = {
  path: "events",
  group: "What happens",
  summary: "Watch what happens, as it happens",
  about: "Until Ctrl-C. With --json one object a line.",
  options: [{ flags: "--after <seq>", about: "begin after the event of this number instead of now", completes: "nothing" }],
  examples: [
    { line: "mimic events", does: "machines starting, becoming usable, stopping; work beginning and ending" },
    { line: "mimic events --json | jq .fact.kind", does: "for a program" },
  ],
  run: async (context, given) => {
    const after = given.text("after");
    const aborter = new AbortController();
    using _ = context.io.onInterrupt(() => aborter.abort());
    const query = after === undefined ? {} : { query: { after: readSeq("--after", after) } };
    try {
      const stream = await rawRequest(context.door, { route: rawRoutes.events, signal: aborter.signal, ...query });
      const words = given.json ? undefined : await knownNames(context);
      for await (const text of readEvents(stream)) await sayEvent(context, words, JSON.parse(text) as Event | StreamLagged);
    } catch (error) {
      if (aborter.signal.aborted) return 130;
      if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
    }
    throw new UnreachableError("daemon.connection_lost", "The daemon ended, and the stream of events with it.", {
      hint: "Begin again: mimic events",
    });
  },
};

async function knownNames({ client }: Context): Promise<EventWords> {
  const words = new EventWords();
  for (const { id, name } of (await client.machines.list({})).machines) words.nameMachine(id, name);
  return words;
}

async function sayEvent({ io, client }: Context, words: EventWords | undefined, event: Event | StreamLagged): Promise<void> {
  if (!words) return printJson({ ...io, out: { ...io.out, isTerminal: false, write: io.out.write } }, event);
  if (!("fact" in event))
    return aside(
      io,
      event.dropped === null ? "What happened before this passed unseen." : `${event.dropped} events passed unseen.`,
      "faint",
    );
  const { fact } = event;
  if (fact.kind === "job.started") {
    const job = await client.jobs.show({ job: fact.jobId }).catch(() => undefined);
    if (job) words.nameJob(job.id, job.title);
  }
  const text = words.of(fact);
  if (text === undefined) return;
  const time = new Date(event.at).toLocaleTimeString("en-GB");
  io.out.write(`${tinted(time, "faint", hasColour(io))}  ${plain(text, 1000)}\n`);
}
