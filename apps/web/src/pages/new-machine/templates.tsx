// Templates: another machine like one that was kept, in a moment; or one to be used once and forgotten.
import { Button, TextInput } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { TemplateView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { machinesQuery, templatesQuery } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine, freeName, nameTrouble } from "../../words.ts";

export function Templates() {
  const { data } = useQuery(templatesQuery);
  const [chosen, setChosen] = useState<TemplateView>();
  const own = data?.filter(({ automatic }) => !automatic) ?? [];
  if (own.length === 0) return null;
  return (
    <section aria-labelledby="templates">
      <h2 id="templates">
        <Term word="template">Templates</Term>
      </h2>
      <ul className="items">
        {own.map((template) => (
          <li key={template.id} className="item">
            <span className="item-words">
              <strong>
                <bdi>{plain(template.name, 63)}</bdi>
              </strong>
              <span className="quiet">
                {template.hardwareInWords} ·{" "}
                {template.isInstant ? "ready in a moment" : `is switched on: ${plain(template.because ?? "", 200)}`} ·{" "}
                {formatSize(template.sizeBytes)}
              </span>
            </span>
            <span className="row">
              <TryOnce of={template.name} />
              <Button variant="filled" onClick={() => setChosen(template)}>
                Make a machine of it
              </Button>
            </span>
          </li>
        ))}
      </ul>
      {chosen ? <FromTemplate template={chosen} onClose={() => setChosen(undefined)} /> : null}
    </section>
  );
}

/** One click: a machine that vanishes when it stops. */
export function TryOnce({ of }: { of: string }) {
  const navigate = useNavigate();
  const run = useVerb(() => api.disposables.run({ of }), { after: () => void navigate({ to: "/" }) });
  return (
    <Button loading={run.isPending} title={commandLine("run", of)} onClick={() => run.mutate(undefined)}>
      Try it for once (disposable)
    </Button>
  );
}

function FromTemplate({ template, onClose }: { template: TemplateView; onClose: () => void }) {
  const { data } = useQuery(machinesQuery);
  const taken = useMemo(() => new Set(data?.map((machine) => machine.name as string)), [data]);
  const navigate = useNavigate();
  const [typed, setTyped] = useState<string>();
  const name = typed ?? freeName(template.name, taken);
  const bad = nameTrouble(name, taken);
  const make = useVerb(() => api.machines.create({ name, template: template.name, start: true }), {
    after: () => void navigate({ to: "/" }),
  });
  return (
    <Dialog opened onClose={onClose} title={`A machine of “${plain(template.name, 63)}”`}>
      <form className="dialog-form" onSubmit={(event) => (event.preventDefault(), bad ? undefined : make.mutate(undefined))}>
        <TextInput
          data-autofocus
          label="Its name"
          value={name}
          error={typed === undefined ? undefined : bad}
          maxLength={200}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <CommandLine command={commandLine("new", name || "NAME", "--template", template.name, "--start")} />
        <div className="row end">
          <Button type="submit" variant="filled" loading={make.isPending}>
            Make and start
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
