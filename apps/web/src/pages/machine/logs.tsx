// The ends of its logs, as text and nothing else: escape codes of a guest are taken out.
import { Button, SegmentedControl } from "@mantine/core";
import type { MachineView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { logQuery } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { commandLine } from "../../words.ts";
import { withoutEscapes } from "./without-escapes.ts";

export function Logs({ machine }: { machine: MachineView }) {
  const [which, setWhich] = useState<"qemu" | "serial">("qemu");
  const {
    data: text,
    error,
    refetch,
    isFetching,
  } = useQuery({ ...logQuery(machine.id, which), refetchInterval: machine.power === "running" ? 5_000 : false });
  return (
    <div className="stack">
      <div className="tools">
        <SegmentedControl
          aria-label="Which log"
          value={which}
          onChange={(value) => setWhich(value as "qemu" | "serial")}
          data={[
            { value: "qemu", label: "Engine" },
            { value: "serial", label: "Serial console" },
          ]}
        />
        <Button onClick={() => void refetch()} loading={isFetching && !text}>
          Read again
        </Button>
      </div>
      {error ? (
        <ProblemNote error={error} />
      ) : text === undefined ? (
        <Waiting>Reading…</Waiting>
      ) : text.trim() === "" ? (
        <p className="quiet">
          {which === "qemu" ? "The engine has said nothing. That is the good case." : "Nothing came over the serial console yet."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long log scrolls, and must do so by keyboard too
        <section className="log" tabIndex={0} aria-label={which === "qemu" ? "Engine log" : "Serial console log"}>
          <pre>{withoutEscapes(text)}</pre>
        </section>
      )}
      <CommandLine command={commandLine("logs", machine.name, ...(which === "serial" ? ["--serial"] : []))} />
    </div>
  );
}
