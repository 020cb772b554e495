// Templates: machines that others are made from. Which there are, their generations, who stands on them, how many wait ready.
import { plain } from "@mimic/base";
import { useQuery } from "@tanstack/react-query";
import { templatesQuery } from "../../queries.ts";
import { LinkButton } from "../../ui/link-button.tsx";
import { Empty, Page, Waiting } from "../../ui/page.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Term } from "../../ui/term.tsx";
import { TemplateRow } from "./template-row.tsx";

const LOOK_MS = 3000;

export function TemplatesPage() {
  // What waits ready changes without an event: it is nobody's machine yet.
  const { data: templates, error } = useQuery({ ...templatesQuery, refetchInterval: LOOK_MS });
  const own = templates?.filter(({ automatic }) => !automatic) ?? [];
  const automatic = templates?.filter((template) => template.automatic) ?? [];
  return (
    <Page
      title="Templates"
      lead="Machines kept as they were, that others are made from in a moment. A template never changes; a newer one is a new generation."
    >
      {error ? <ProblemNote error={error} /> : null}
      {!templates && !error ? <Waiting>Reading your templates…</Waiting> : null}
      {templates && own.length === 0 ? (
        <Empty
          title="No templates of yours yet"
          picture={<Picture picture="discs" size={64} />}
          action={
            <LinkButton to="/" search={{}} variant="filled">
              See your machines
            </LinkButton>
          }
        >
          Set a machine up as you like it, then choose “Make a template…” in its menu. Of a machine that runs, its memory is kept too:
          machines made from it go on from there.
        </Empty>
      ) : null}
      <ul className="items">
        {own.map((template) => (
          <TemplateRow key={template.id} template={template} />
        ))}
      </ul>
      {automatic.length > 0 ? (
        <section aria-labelledby="automatic">
          <h2 id="automatic">Made by Mimic</h2>
          <p className="quiet">
            For “try it for once”: the first <Term word="disposable" /> of a system is switched on, later ones begin where it was then. When{" "}
            {automatic.length === 1 ? `“${plain(automatic[0]?.name ?? "", 63)}” goes` : "one goes"}, it is made again when it is wanted.
          </p>
          <ul className="items">
            {automatic.map((template) => (
              <TemplateRow key={template.id} template={template} />
            ))}
          </ul>
        </section>
      ) : null}
    </Page>
  );
}
