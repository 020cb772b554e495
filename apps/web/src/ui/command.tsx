// “Copy as command”: the browser teaches the terminal.
import { ActionIcon, Popover, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy, IconTerminal2 } from "@tabler/icons-react";
import type { MachineCommand } from "../actions.ts";

export function CommandLine({ command }: { command: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <div className="command">
      <code>{command}</code>
      <Tooltip label={clipboard.copied ? "Copied" : "Copy"}>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Copy: ${command}`} onClick={() => clipboard.copy(command)}>
          {clipboard.copied ? <IconCheck size={16} aria-hidden="true" /> : <IconCopy size={16} aria-hidden="true" />}
        </ActionIcon>
      </Tooltip>
      <span className="visually-hidden" aria-live="polite">
        {clipboard.copied ? "Copied" : ""}
      </span>
    </div>
  );
}

interface CommandsProps {
  readonly commands: readonly MachineCommand[];
  readonly label: string;
  readonly size?: "md" | "lg";
}

export function CommandsButton({ commands, label, size = "lg" }: CommandsProps) {
  return (
    <Popover width="min(26rem, 92vw)" position="bottom-end" shadow="md" trapFocus returnFocus withRoles={false}>
      <Popover.Target>
        <Tooltip label="Copy as command">
          <ActionIcon variant="default" size={size} aria-label={label} aria-haspopup="dialog">
            <IconTerminal2 size={18} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={label}>
        <p className="quiet">The same in a terminal:</p>
        <ul className="commands">
          {commands.map(({ words, command }) => (
            <li key={command}>
              <span>{words}</span>
              <CommandLine command={command} />
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
