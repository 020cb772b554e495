// The trash: removed machines, with everything they had, until they are forgotten.
import { Button } from "@mantine/core";
import { formatSize } from "@mimic/base";
import type { TrashView } from "@mimic/model";
import { IconRestore, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { queryClient, shownName, trashQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { CommandLine } from "../../ui/command.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, Page, Waiting } from "../../ui/page.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { commandLine } from "../../words.ts";

const again = () => void queryClient.invalidateQueries({ queryKey: trashQuery.queryKey });

export function TrashPage() {
  const { data: trash, error } = useQuery(trashQuery);
  const [emptying, setEmptying] = useState(false);
  const empty = useVerb(() => api.trash.empty({}), {
    done: () => "The trash is empty.",
    after: () => {
      again();
      setEmptying(false);
    },
  });
  const bytes = trash?.reduce((sum, entry) => sum + entry.diskBytes, 0) ?? 0;
  return (
    <Page
      title="Trash"
      lead="Removed machines wait here with everything they had."
      actions={trash && trash.length > 0 ? <Button onClick={() => setEmptying(true)}>Empty the trash…</Button> : null}
    >
      {error ? <ProblemNote error={error} /> : null}
      {!trash && !error ? <Waiting>Reading the trash…</Waiting> : null}
      {trash?.length === 0 ? (
        <Empty title="The trash is empty" picture={<Picture picture="empty" size={64} />}>
          A machine that you remove comes here first and can come back, so removing one is no great decision.
        </Empty>
      ) : null}
      <ul className="items">
        {trash?.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ul>
      <Confirm
        opened={emptying}
        onClose={() => setEmptying(false)}
        title="Empty the trash?"
        action="Forget all"
        busy={empty.isPending}
        onConfirm={() => empty.mutate(undefined)}
      >
        <p>
          {trash?.length === 1 ? "One machine" : `${trash?.length ?? 0} machines`} and {formatSize(bytes)} of their disks are gone for ever.
        </p>
        <CommandLine command="mimic trash empty" />
      </Confirm>
    </Page>
  );
}

function Entry({ entry }: { entry: TrashView }) {
  const [forgetting, setForgetting] = useState(false);
  const name = shownName(entry.name);
  const restore = useVerb(() => api.trash.restore({ entry: entry.id }), { done: () => `“${name}” is back.`, after: again });
  const forget = useVerb(() => api.trash.remove({ entry: entry.id }), {
    done: () => `“${name}” is forgotten.`,
    after: () => {
      again();
      setForgetting(false);
    },
  });
  return (
    <li className="item">
      <IconTrash size={24} stroke={1.6} aria-hidden="true" />
      <div className="item-words">
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <span className="quiet">
          {formatSize(entry.diskBytes)} · removed <Ago at={entry.trashedAt} /> · may be forgotten <Ago at={entry.expiresAt} />
        </span>
      </div>
      <div className="row">
        <Button
          leftSection={<IconRestore size={18} aria-hidden="true" />}
          loading={restore.isPending}
          onClick={() => restore.mutate(undefined)}
          aria-label={`Restore ${name}`}
        >
          Restore
        </Button>
        <Button variant="subtle" color="gray" onClick={() => setForgetting(true)} aria-label={`Forget ${name}…`}>
          Forget…
        </Button>
      </div>
      <Confirm
        opened={forgetting}
        onClose={() => setForgetting(false)}
        title={`Forget “${name}” for ever?`}
        action="Forget it"
        busy={forget.isPending}
        onConfirm={() => forget.mutate(undefined)}
      >
        <p>Its disks ({formatSize(entry.diskBytes)}) are deleted and cannot come back.</p>
        <CommandLine command={commandLine("trash", "rm", entry.name)} />
      </Confirm>
    </li>
  );
}
