// Actions as a list of quiet buttons, and as a menu; those with a command have it to copy.
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { CommandsButton } from "../../../ui/command.tsx";
import { ReasonButton } from "../../../ui/reason-button.tsx";
import type { Action } from "../actions.ts";

/** The first few as buttons, the rest in a menu. */
export function ActionButtons({ actions, first = 4 }: { actions: readonly Action[]; first?: number }) {
  const commands = actions.flatMap(({ words, command }) => (command ? [{ words: words.replace(/…$/, ""), command }] : []));
  return (
    <div className="panel-actions">
      {actions.slice(0, first).map((action) => (
        <ReasonButton key={action.id} size="compact-sm" why={action.why} onPress={action.run}>
          {action.words}
        </ReasonButton>
      ))}
      {actions.length > first ? <ActionMenu actions={actions.slice(first)} label="More that one can do" /> : null}
      {commands.length > 0 ? <CommandsButton commands={commands} label="Copy as command" size="md" /> : null}
    </div>
  );
}

export const ActionItems = ({ actions }: { actions: readonly Action[] }) =>
  actions.map(({ id, words, why, run }) => (
    <Menu.Item
      key={id}
      data-disabled={why ? true : undefined}
      aria-disabled={why ? true : undefined}
      closeMenuOnClick={!why}
      onClick={why ? undefined : run}
    >
      {words}
      {why ? <span className="menu-why">{why}</span> : null}
    </Menu.Item>
  ));

export function ActionMenu({ actions, label }: { actions: readonly Action[]; label: string }) {
  return (
    <Menu width={270}>
      <Menu.Target>
        <Tooltip label="What one can do">
          <ActionIcon variant="default" aria-label={label}>
            <IconDots size={18} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <ActionItems actions={actions} />
      </Menu.Dropdown>
    </Menu>
  );
}
