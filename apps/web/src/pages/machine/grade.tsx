// The isolation grade on the frame: a letter, and on request why.
import { Popover, UnstyledButton } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { IconShield } from "@tabler/icons-react";
import { Term } from "../../ui/term.tsx";

const MEANS = { A: "strong", B: "good", C: "against accidents only", D: "weak" } as const;

export function GradeMark({ machine }: { machine: MachineView }) {
  const isolation = machine.isolation;
  if (!isolation) return null;
  return (
    <Popover width="min(24rem, 92vw)" position="bottom-start" shadow="md" trapFocus returnFocus withRoles={false}>
      <Popover.Target>
        <UnstyledButton
          className="grade"
          data-grade={isolation.grade}
          aria-haspopup="dialog"
          aria-label={`Isolation grade ${isolation.grade}: ${MEANS[isolation.grade]}. Why?`}
        >
          <IconShield size={16} aria-hidden="true" />
          Grade {isolation.grade}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Isolation grade">
        <p>
          <Term word="grade" /> <strong>{isolation.grade}</strong>: {MEANS[isolation.grade]}
        </p>
        <ul className="plain-list">
          {isolation.because.map((each) => (
            <li key={each}>{plain(each, 300)}</li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
