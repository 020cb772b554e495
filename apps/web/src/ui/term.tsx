// An unusual word with its sentence from the glossary on focus or hover.
import { Tooltip } from "@mantine/core";
import { GLOSSARY, type Word } from "../data/glossary.ts";

export function Term({ word, children }: { word: Word; children?: React.ReactNode }) {
  const entry = GLOSSARY[word];
  return (
    <Tooltip label={entry.means}>
      <button type="button" className="term">
        {children ?? entry.term}
      </button>
    </Tooltip>
  );
}
