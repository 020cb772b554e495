// The generations of a template that are kept: newest first, who stands on which, and old ones that can go.
import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import type { TemplateView } from "@mimic/model";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { shownName } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { Term } from "../../ui/term.tsx";

export function Generations({ template }: { template: TemplateView }) {
  const { history } = template;
  const remove = useVerb((generation: number) => api.templates.removeGeneration({ template: template.id, generation }));
  const [newest] = history;
  if (newest === undefined) return null;
  if (history.length === 1)
    return (
      <span className="quiet">
        <Term word="generation">Generation</Term> {newest.number}, made <Ago at={newest.madeAt} />
      </span>
    );
  return (
    <details open>
      <summary>{history.length} generations</summary>
      <ol className="generations" aria-label={`Generations of ${shownName(template.name)}`}>
        {history.map((one) => (
          <li key={one.number}>
            <span>
              <strong>{one.number}</strong> · <Ago at={one.madeAt} />
              {one === newest ? " · the newest" : ""}
              {one.damage !== undefined
                ? ` · damaged: ${plain(one.damage, 200)}`
                : one.isInstant
                  ? ""
                  : ` · disks only: ${plain(one.because ?? "", 200)}`}
              {one.usedBy.length > 0 ? ` · under ${one.usedBy.map(shownName).join(", ")}` : ""}
            </span>
            {one === newest ? null : (
              <Button
                size="compact-sm"
                loading={remove.isPending && remove.variables === one.number}
                aria-label={`Remove generation ${one.number} of ${shownName(template.name)}`}
                title="Machines that stand on it keep what they need"
                onClick={() => remove.mutate(one.number)}
              >
                Remove
              </Button>
            )}
          </li>
        ))}
      </ol>
    </details>
  );
}
