// One template: what it is, what begins how, its generations, and what can be done with it.
import { ActionIcon, Menu, NativeSelect } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { TemplateView } from "@mimic/model";
import { IconDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { shownName, templatesQuery } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NameField } from "../../ui/name-field.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine, nameTrouble } from "../../words.ts";
import { FromTemplate } from "../new-machine/templates.tsx";
import { TryOnce } from "../new-machine/try-once.tsx";
import { Generations } from "./generations.tsx";
import { Damaged, Seals, VerifyButton } from "./seals.tsx";

type Asking = "machine" | "rename" | "remove";

export function TemplateRow({ template }: { template: TemplateView }) {
  const [asking, setAsking] = useState<Asking>();
  const close = () => setAsking(undefined);
  const name = shownName(template.name);
  const remove = useVerb(() => api.templates.remove({ template: template.id }), {
    after: close,
    done: () => `The template “${name}” is gone.`,
  });
  return (
    <li className="item">
      <div className="item-words">
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <span className="quiet">
          {plain(template.systemName ?? "", 60)}
          {template.systemName ? " · " : ""}
          {template.hardwareInWords} · {formatSize(template.sizeBytes)}
        </span>
        {template.damage === undefined ? (
          <span>
            {template.isInstant
              ? "Machines made from it go on where it was."
              : `Machines made from it are switched on: ${plain(template.because ?? "", 300)}.`}
          </span>
        ) : (
          <Damaged template={template} />
        )}
        <Users template={template} />
        {template.note ? <span className="quiet">{plain(template.note, 300)}</span> : null}
        <Generations template={template} />
        <Seals template={template} />
      </div>
      <div className="row template-actions">
        {template.isInstant ? <Pool template={template} /> : null}
        <VerifyButton template={template} />
        <TryOnce
          of={template.automatic ? (template.system ?? template.name) : template.name}
          isTemplate
          why={template.automatic ? undefined : whyNot(template)}
        />
        <ReasonButton
          variant="filled"
          why={whyNot(template)}
          onPress={() => setAsking("machine")}
          aria-label={`Make a machine of it: ${name}`}
        >
          Make a machine of it
        </ReasonButton>
        <Menu width={220}>
          <Menu.Target>
            <ActionIcon variant="default" size="lg" aria-label={`More for the template ${name}`}>
              <IconDots size={18} aria-hidden="true" />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setAsking("rename")}>Rename…</Menu.Item>
            <Menu.Item onClick={() => setAsking("remove")}>Remove…</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {asking === "machine" ? <FromTemplate template={template} onClose={close} /> : null}
      {asking === "rename" ? <Rename template={template} onClose={close} /> : null}
      <Confirm
        opened={asking === "remove"}
        onClose={close}
        title={`Remove the template “${name}”?`}
        action="Remove"
        busy={remove.isPending}
        onConfirm={() => remove.mutate(undefined)}
      >
        <p>
          Machines made from it stay as they are{template.usedBy.length > 0 ? " and keep what they stand on" : ""}; nothing new can be made
          from it, and those that follow it stay on the generation that they have.
        </p>
        <CommandLine command={commandLine("template", "rm", template.name)} />
      </Confirm>
    </li>
  );
}

const whyNot = ({ damage }: TemplateView): string | undefined => damage && `Nothing is made from it any more: ${plain(damage, 300)}.`;

function Users({ template: { usedBy } }: { template: TemplateView }) {
  if (usedBy.length === 0) return <span className="quiet">No machine stands on it.</span>;
  return (
    <span className="quiet">
      Under{" "}
      {usedBy.slice(0, 4).map((name, at) => (
        <span key={name}>
          {at > 0 ? ", " : ""}
          <Link to="/machines/$machine/{-$tab}" params={{ machine: name }}>
            <bdi>{shownName(name)}</bdi>
          </Link>
        </span>
      ))}
      {usedBy.length > 4 ? ` and ${usedBy.length - 4} more` : ""}
    </span>
  );
}

/** How many wait ready: as it is used, or always so many. */
function Pool({ template }: { template: TemplateView }) {
  const change = useVerb((warm: number | null) => api.templates.change({ template: template.id, warm }));
  return (
    <div className="pool">
      <NativeSelect
        label={<Term word="pool">Wait ready</Term>}
        aria-label={`How many machines of ${shownName(template.name)} wait ready`}
        value={template.warmWanted === undefined ? "auto" : String(template.warmWanted)}
        data={[
          { value: "auto", label: "as it is used" },
          ..."0124".split("").map((value) => ({ value, label: value === "0" ? "none" : value })),
        ]}
        onChange={(event) => change.mutate(event.currentTarget.value === "auto" ? null : Number(event.currentTarget.value))}
      />
      <span className="quiet" aria-live="polite">
        {template.warm} now, {template.isMemberMeasured ? "" : "about "}
        {formatSize(template.memberBytes)} each
      </span>
    </div>
  );
}

function Rename({ template, onClose }: { template: TemplateView; onClose: () => void }) {
  const { data } = useQuery(templatesQuery);
  const [name, setName] = useState<string>(template.name);
  const taken = new Set(data?.map((one) => one.name as string).filter((one) => one !== template.name));
  const bad = nameTrouble(name, taken);
  const rename = useVerb(() => api.templates.change({ template: template.id, name }), { after: onClose });
  return (
    <FormDialog
      onClose={onClose}
      title={`Rename the template “${shownName(template.name)}”`}
      action="Rename"
      command={commandLine("template", "set", template.name, "--name", name || "NAME")}
      busy={rename.isPending}
      onSubmit={() => {
        if (!bad) rename.mutate(undefined);
      }}
    >
      <NameField label="New name" value={name} error={bad} onChange={setName} />
    </FormDialog>
  );
}
