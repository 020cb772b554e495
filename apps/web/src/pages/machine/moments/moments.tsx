// A machine's moments as a tree with pictures: keep one, go back, make a machine of one, delete one.
import { TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import { type MachineView, momentTree } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../../actions.ts";
import { api } from "../../../api.ts";
import { momentsQuery } from "../../../queries.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { Waiting } from "../../../ui/page.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { ReasonButton } from "../../../ui/reason-button.tsx";
import { Term } from "../../../ui/term.tsx";
import { commandLine } from "../../../words.ts";
import { MomentRow } from "./moment-row.tsx";
import { Retention } from "./retention.tsx";
import { Routine } from "./routine.tsx";
import { whyNotKeep, whyNotKeepWhole } from "./why-not-keep.ts";

export function Moments({ machine }: { machine: MachineView }) {
  const { data: listed, error } = useQuery(momentsQuery(machine.id));
  const data = listed?.moments;
  return (
    <div className="stack">
      <Keep machine={machine} />
      <section aria-labelledby="moments">
        <h2 id="moments">Moments</h2>
        {error ? <ProblemNote error={error} /> : null}
        {data === undefined && !error ? <Waiting>Reading its moments…</Waiting> : null}
        {data?.length === 0 ? <p className="quiet">None yet. Keep one before you try something: you can go back to it.</p> : null}
        <ul className="items moments">
          {data
            ? momentTree(data).map(({ moment, depth }) => <MomentRow key={moment.id} machine={machine} moment={moment} depth={depth} />)
            : null}
        </ul>
      </section>
      {listed && !machine.forgets ? <Routine machine={machine} routine={listed.routine} /> : null}
      {listed && !machine.forgets ? <Retention machine={machine} retention={listed.retention} /> : null}
    </div>
  );
}

function Keep({ machine }: { machine: MachineView }) {
  const [name, setName] = useState("");
  const words = name.trim();
  const keep = useVerb(
    (kind: "snapshot" | "checkpoint") => api.moments.take({ machine: machine.id, kind, ...(words && { name: words }) }),
    {
      after: () => setName(""),
    },
  );
  const isOn = machine.power === "running" || machine.power === "paused";
  const why = whyNotKeep(machine);
  const notWhole = whyNotKeepWhole(machine);
  return (
    <section aria-labelledby="keep">
      <h2 id="keep">Keep this moment</h2>
      <div className="dialog-form">
        <TextInput
          label="What to call it"
          placeholder="the time, when left empty"
          value={name}
          maxLength={80}
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <div className="row">
          <ReasonButton why={notWhole} variant="filled" loading={keep.isPending} onPress={() => keep.mutate("checkpoint")}>
            Keep it whole
          </ReasonButton>
          <ReasonButton why={why} loading={keep.isPending} onPress={() => keep.mutate("snapshot")}>
            Keep its disks
          </ReasonButton>
        </div>
        <p className="quiet">
          Whole is a <Term word="checkpoint">checkpoint</Term>: it goes on in the middle. Disks alone are a{" "}
          <Term word="snapshot">snapshot</Term>. It goes on meanwhile.
        </p>
        <CommandLine command={commandLine(isOn ? "checkpoint" : "snapshot", machine.name, ...(words ? [plain(words, 80)] : []))} />
      </div>
    </section>
  );
}
