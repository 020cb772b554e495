// A new machine in three clicks: New machine → a picture → Create. Everything else can be opened, nothing must be.

import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { hostQuery, imagesQuery, systemsQuery } from "../../queries.ts";
import { LinkButton } from "../../ui/link-button.tsx";
import { Page, Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { NewMachineForm } from "./form.tsx";
import { OwnFile } from "./own-file.tsx";
import { Systems } from "./systems.tsx";
import { Templates } from "./templates.tsx";
import { TryOnce } from "./try-once.tsx";

const route = getRouteApi("/new");

const Back = () => (
  <LinkButton to="/new" search={{}} variant="subtle" leftSection={<IconArrowLeft size={18} aria-hidden="true" />}>
    Another system
  </LinkButton>
);

export function NewMachinePage() {
  const choice = route.useSearch();
  const systems = useQuery(systemsQuery);
  const images = useQuery(imagesQuery);
  const { data: host } = useQuery(hostQuery);
  const system = choice.system ? systems.data?.find((each) => each.id === choice.system) : undefined;
  const image = choice.image ? images.data?.find((each) => each.digest === choice.image) : undefined;
  if (choice.own)
    return (
      <Page
        key="own"
        title="Bring your own file"
        lead="An installation CD, a disk of another program, a floppy, the folder of an old game."
        actions={<Back />}
      >
        <OwnFile />
      </Page>
    );
  if (system || image || choice.empty) {
    const what = system?.name ?? image?.name ?? "an empty machine";
    return (
      <Page
        key="form"
        title={`New machine: ${what}`}
        actions={
          <>
            {system && system.source.way !== "bring" ? <TryOnce of={system.id} /> : null}
            <Back />
          </>
        }
      >
        <NewMachineForm key={`${choice.system ?? ""}${choice.image ?? ""}`} choice={choice} system={system} image={image} host={host} />
      </Page>
    );
  }
  return (
    <Page key="pick" title="New machine" lead="What should run in it?">
      {systems.error ? (
        <ProblemNote error={systems.error} />
      ) : systems.data ? (
        <>
          <Templates />
          <Systems systems={systems.data} images={images.data ?? []} host={host} />
        </>
      ) : (
        <Waiting>Reading the catalogue…</Waiting>
      )}
    </Page>
  );
}
