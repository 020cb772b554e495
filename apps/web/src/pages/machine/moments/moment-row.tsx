// One moment: its picture, what it is, and what can be done with it. Going back says what happens to the present.
import { Button } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import { consistencyInWords, type MachineView, type MomentView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../../actions.ts";
import { api } from "../../../api.ts";
import { momentPictureQuery, useTakenNames } from "../../../queries.ts";
import { Ago } from "../../../ui/ago.tsx";
import { CommandLine } from "../../../ui/command.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { FormDialog } from "../../../ui/form-dialog.tsx";
import { NameField } from "../../../ui/name-field.tsx";
import { ReasonButton } from "../../../ui/reason-button.tsx";
import { commandLine, freeName, nameTrouble } from "../../../words.ts";
import { Compare } from "./compare.tsx";
import { EditMoment } from "./edit-moment.tsx";
import { whyNotKeep } from "./why-not-keep.ts";

interface Props {
  readonly machine: MachineView;
  readonly moment: MomentView;
}

export function MomentRow({ machine, moment, depth }: Props & { depth: number }) {
  const [asking, setAsking] = useState<"back" | "all" | "as" | "compare" | "edit" | "remove">();
  const close = () => setAsking(undefined);
  const name = plain(moment.name, 80);
  const back = useVerb(() => api.moments.restore({ machine: machine.id, moment: moment.id }), { after: close });
  const all = useVerb(() => api.moments.restoreTogether({ machine: machine.id, moment: moment.id }), { after: close });
  const remove = useVerb(() => api.moments.remove({ machine: machine.id, moment: moment.id }), {
    after: close,
    done: (_, { notYet }) => `“${name}” is deleted.${notYet ? ` What only it kept is given back later. ${plain(notYet, 300)}` : ""}`,
  });
  const protect = useVerb((isProtected: boolean) => api.moments.change({ machine: machine.id, moment: moment.id, isProtected }));
  return (
    <li className="item moment" data-depth={Math.min(depth, 8)} data-present={moment.isPresent || undefined}>
      <MomentPicture machine={machine} moment={moment} />
      <span className="item-words">
        <strong>
          <bdi>{name}</bdi>
          {moment.isPresent ? " (the present stands on it)" : ""}
        </strong>
        <span className="quiet">
          {moment.kind} · {formatSize(moment.sizeBytes)} · <Ago at={moment.takenAt} />
          {moment.isProtected ? " · protected" : ""}
          {moment.automatic ? ` · kept by Mimic: ${plain(moment.automatic, 200)}` : ""}
        </span>
        <MomentFacts moment={moment} />
        {moment.note ? <span>{plain(moment.note, 2000)}</span> : null}
        {moment.memoryLacks ? <span className="quiet">After going back, {plain(moment.memoryLacks, 300)}.</span> : null}
        {moment.onlyDisksBecause ? <span className="quiet">Only its disks: {plain(moment.onlyDisksBecause, 300)}.</span> : null}
      </span>
      <span className="row">
        <ReasonButton why={whyNotKeep(machine)} onPress={() => setAsking("back")}>
          Go back
        </ReasonButton>
        {moment.siblings?.length ? (
          <ReasonButton why={whyNotKeep(machine)} onPress={() => setAsking("all")}>
            Go back with all
          </ReasonButton>
        ) : null}
        <Button onClick={() => setAsking("as")}>Make a machine of it</Button>
        <Button onClick={() => setAsking("compare")}>Compare</Button>
        <Button onClick={() => setAsking("edit")}>Edit</Button>
        <Button onClick={() => protect.mutate(!moment.isProtected)}>{moment.isProtected ? "Do not protect" : "Protect"}</Button>
        <ReasonButton why={moment.isProtected ? "It is protected." : undefined} onPress={() => setAsking("remove")}>
          Delete
        </ReasonButton>
      </span>
      <Confirm
        opened={asking === "back"}
        title={`Go back to “${name}”?`}
        action="Go back"
        busy={back.isPending}
        onClose={close}
        onConfirm={() => back.mutate(undefined)}
      >
        <p>The present is kept first, as a moment of its own: you can come back to it.</p>
        <CommandLine command={commandLine("restore", machine.name, moment.name)} />
      </Confirm>
      <Confirm
        opened={asking === "all"}
        title={`Go back to “${name}” with all?`}
        action="Go back with all"
        busy={all.isPending}
        onClose={close}
        onConfirm={() => all.mutate(undefined)}
      >
        <p>
          {machine.name}, {namesOf(moment)}: the present of all of them is kept first. None of them goes on before all are back.
        </p>
        <CommandLine command={commandLine("restore", machine.name, moment.name, "--together")} />
      </Confirm>
      <Confirm
        opened={asking === "remove"}
        title={`Delete “${name}”?`}
        action="Delete it"
        busy={remove.isPending}
        onClose={close}
        onConfirm={() => remove.mutate(undefined)}
      >
        <p>It can no longer be gone back to. The other moments and the present stay whole.</p>
        <CommandLine command={commandLine("moments", "rm", machine.name, moment.name)} />
      </Confirm>
      {asking === "compare" ? <Compare machine={machine} moment={moment} onClose={close} /> : null}
      {asking === "edit" ? <EditMoment machine={machine} moment={moment} onClose={close} /> : null}
      {asking === "as" ? <AsMachine machine={machine} moment={moment} onClose={close} /> : null}
    </li>
  );
}

const namesOf = ({ siblings = [] }: MomentView): string => siblings.map(({ name }) => plain(name, 80)).join(", ");

/** How whole its disks are, and who was kept with it. */
function MomentFacts({ moment }: Pick<Props, "moment">) {
  const words = [
    ...(moment.kind === "snapshot" ? [consistencyInWords(moment)] : []),
    moment.siblings?.length ? `at one moment with ${namesOf(moment)}` : undefined,
  ].filter((one) => one !== undefined);
  return words.length > 0 ? <span className="quiet">Disks: {plain(words.join(" · "), 600)}</span> : null;
}

function MomentPicture({ machine, moment }: Props) {
  const { data } = useQuery({ ...momentPictureQuery(machine.id, moment.id), enabled: moment.hasPicture });
  return (
    <div className="thumbnail moment-picture">{data ? <img src={`data:image/png;base64,${data}`} alt="" draggable={false} /> : null}</div>
  );
}

function AsMachine({ machine, moment, onClose }: Props & { onClose: () => void }) {
  const taken = useTakenNames();
  const [typed, setTyped] = useState<string>();
  const name = typed ?? freeName(`${machine.name}-then`, taken);
  const bad = nameTrouble(name, taken);
  const make = useVerb(() => api.moments.restore({ machine: machine.id, moment: moment.id, as: name }), { after: onClose });
  return (
    <FormDialog
      onClose={onClose}
      title={`A machine of “${plain(moment.name, 80)}”`}
      action="Make it"
      command={commandLine("restore", machine.name, moment.name, "--as", name || "NAME")}
      busy={make.isPending}
      onSubmit={() => {
        if (!bad) make.mutate(undefined);
      }}
    >
      <NameField label="Its name" value={name} error={typed === undefined ? undefined : bad} onChange={setTyped} />
    </FormDialog>
  );
}
