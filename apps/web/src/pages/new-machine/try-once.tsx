// A machine for once by one click; behind “More”, one with a name, which stays and begins anew at each start, or with a network.
import { NativeSelect } from "@mantine/core";
import type { JobView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { networksQuery, shownName, useTakenNames } from "../../queries.ts";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NameField } from "../../ui/name-field.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { commandLine, nameTrouble } from "../../words.ts";

/** So long is waited before the page is left: from a template it is there by then, a system may have to be fetched first. */
const SOON_MS = 4000;
const PATIENCE = 5;

interface What {
  readonly of: string;
  readonly isTemplate?: boolean;
}

/** Shows the machine as soon as it is there, or the list of all when that takes longer. */
function useRun({ of, isTemplate = false }: What) {
  const navigate = useNavigate();
  const go = ({ result }: JobView): void => {
    const machine = result?.["name"];
    if (machine === undefined) void navigate({ to: "/" });
    else void navigate({ to: "/machines/$machine/{-$tab}", params: { machine } });
  };
  return useVerb(async (wish: { name?: string; net?: string }) => {
    let { job } = await api.disposables.run({ of, ...wish, withinMs: SOON_MS });
    for (let turn = 0; isTemplate && job.state === "running" && turn < PATIENCE; turn++)
      job = await api.jobs.wait({ job: job.id, withinMs: SOON_MS });
    go(job);
    return { job };
  });
}

export function TryOnce({ of, isTemplate = false, why }: What & { why?: string | undefined }) {
  const run = useRun({ of, isTemplate });
  const [more, setMore] = useState(false);
  return (
    <>
      <ReasonButton why={why} loading={run.isPending} title={commandLine("run", of)} onPress={() => run.mutate({})}>
        Try it for once (disposable)
      </ReasonButton>
      <ReasonButton why={why} variant="subtle" aria-label={`More ways to try ${shownName(of)} for once`} onPress={() => setMore(true)}>
        More…
      </ReasonButton>
      {more ? <TryWith of={of} isTemplate={isTemplate} onClose={() => setMore(false)} /> : null}
    </>
  );
}

function TryWith({ of, isTemplate, onClose }: What & { onClose: () => void }) {
  const taken = useTakenNames();
  const { data: networks } = useQuery(networksQuery);
  const [name, setName] = useState("");
  const [net, setNet] = useState("");
  const run = useRun({ of, ...(isTemplate && { isTemplate }) });
  const bad = name === "" ? undefined : nameTrouble(name, taken);
  return (
    <FormDialog
      onClose={onClose}
      title={`Try “${shownName(of)}” for once`}
      action="Try it"
      command={commandLine("run", of, ...(name ? ["--name", name] : []), ...(net ? ["--net", net] : []), "-d")}
      busy={run.isPending}
      disabled={bad !== undefined}
      onSubmit={() => run.mutate({ ...(name && { name }), ...(net && { net }) })}
    >
      <NameField
        label="Name"
        description="With a name it stays when it stops, and is as new at each start. Without one it vanishes."
        value={name}
        error={bad}
        onChange={setName}
      />
      <NativeSelect
        label="Network"
        description={net === "" ? "It reaches nobody." : undefined}
        value={net}
        data={[
          { value: "", label: "None" },
          { value: "nat", label: "One that leads to the Internet" },
          ...(networks ?? []).filter((one) => one.name !== "nat").map((one) => ({ value: one.name, label: shownName(one.name) })),
        ]}
        onChange={(event) => setNet(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
