// Templates: another machine like one that was kept, in a moment; or one that follows it.
import { NativeSelect, Radio } from "@mantine/core";
import { formatSize, gib, plain } from "@mimic/base";
import type { TemplateView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { templatesQuery, useTakenNames } from "../../queries.ts";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NameField } from "../../ui/name-field.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine, freeName, nameTrouble } from "../../words.ts";
import { TryOnce } from "./try-once.tsx";

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
                {template.hardwareInWords} · {beginsInWords(template)} · {formatSize(template.sizeBytes)}
              </span>
            </span>
            <span className="row">
              <TryOnce of={template.name} isTemplate why={template.damage && beginsInWords(template)} />
              <ReasonButton variant="filled" why={template.damage && beginsInWords(template)} onPress={() => setChosen(template)}>
                Make a machine of it
              </ReasonButton>
            </span>
          </li>
        ))}
      </ul>
      <p className="quiet">
        <Link to="/templates">All templates, and their generations</Link>
      </p>
      {chosen ? <FromTemplate template={chosen} onClose={() => setChosen(undefined)} /> : null}
    </section>
  );
}

function beginsInWords({ damage, isInstant, because }: TemplateView): string {
  if (damage !== undefined) return `nothing is made from it any more: ${plain(damage, 200)}`;
  return isInstant ? "ready in a moment" : `is switched on: ${plain(because ?? "", 200)}`;
}

type Kind = "ordinary" | "home";
const HOMES = [1, 4, 16, 64];

export function FromTemplate({ template, onClose }: { template: TemplateView; onClose: () => void }) {
  const taken = useTakenNames();
  const navigate = useNavigate();
  const [typed, setTyped] = useState<string>();
  const [kind, setKind] = useState<Kind>("ordinary");
  const [homeGiB, setHomeGiB] = useState(4);
  const name = typed ?? freeName(template.name, taken);
  const bad = nameTrouble(name, taken);
  const home = kind === "home" ? { homeBytes: gib(homeGiB) } : {};
  const make = useVerb(() => api.machines.create({ name, template: template.name, start: true, ...home }), {
    after: () => {
      onClose();
      void navigate({ to: "/" });
    },
  });
  return (
    <FormDialog
      onClose={onClose}
      title={`A machine of “${plain(template.name, 63)}”`}
      action="Make and start"
      command={commandLine(
        "new",
        name || "NAME",
        "--template",
        template.name,
        ...(kind === "home" ? ["--home", `${homeGiB}G`] : []),
        "--start",
      )}
      busy={make.isPending}
      onSubmit={() => {
        if (!bad) make.mutate(undefined);
      }}
    >
      <NameField label="Its name" value={name} error={typed === undefined ? undefined : bad} onChange={setTyped} />
      <Radio.Group label="When the template gets a newer generation" value={kind} onChange={(value) => setKind(value as Kind)}>
        <div className="dialog-form">
          <Radio
            value="ordinary"
            label="It stays as it is"
            description={
              template.isInstant ? "It goes on where the template was; everything in it is its own." : "Everything in it is its own."
            }
          />
          <Radio
            value="home"
            label="It follows"
            description="Its system begins anew at each start, with the newest generation. What is in /home, /root and /usr/local stays, on a disk of its own."
          />
        </div>
      </Radio.Group>
      {kind === "home" ? (
        <NativeSelect
          label="Room for what stays"
          value={String(homeGiB)}
          data={HOMES.map((size) => ({ value: String(size), label: formatSize(gib(size)) }))}
          onChange={(event) => setHomeGiB(Number(event.currentTarget.value))}
        />
      ) : null}
    </FormDialog>
  );
}
