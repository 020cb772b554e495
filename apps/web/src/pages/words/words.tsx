// All unusual words with their sentence, for reading through.
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { type Entry, GLOSSARY } from "../../data/glossary.ts";
import { Page } from "../../ui/page.tsx";

const ENTRIES: readonly Entry[] = Object.values<Entry>(GLOSSARY).toSorted((a, b) => a.term.localeCompare(b.term));

export function WordsPage() {
  const [wanted, setWanted] = useState("");
  const text = wanted.trim().toLowerCase();
  const shown = ENTRIES.filter((entry) => `${entry.term} ${entry.also ?? ""} ${entry.means}`.toLowerCase().includes(text));
  return (
    <Page title="Words, explained" lead="The words of this field, as Mimic uses them here, on the command line and in the API.">
      <div className="tools">
        <TextInput
          className="search"
          type="search"
          aria-label="Search words"
          placeholder="Search"
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      </div>
      {shown.length === 0 ? (
        <p className="nothing">No word fits.</p>
      ) : (
        <dl className="words">
          {shown.map((entry) => (
            <div key={entry.term}>
              <dt>
                {entry.term}
                {entry.also ? <span className="quiet"> {entry.also}</span> : null}
              </dt>
              <dd>{entry.means}</dd>
            </div>
          ))}
        </dl>
      )}
    </Page>
  );
}
