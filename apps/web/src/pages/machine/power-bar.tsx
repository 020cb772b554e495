// Power, where it always is. A button that cannot be pressed says why; the rare and the sharp ones are in the menu.
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { type MachineView, may, type PowerAction } from "@mimic/model";
import {
  IconBolt,
  IconCopy,
  IconDots,
  IconMoon,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPower,
  IconRefresh,
  IconRotateClockwise,
  IconStack2,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { machineCommands, usePower, useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { shownName } from "../../queries.ts";
import { CommandsButton } from "../../ui/command.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { CloneDialog, RenameDialog, TrashDialog } from "./dialogs.tsx";
import { whyNotSleep } from "./moments/why-not-keep.ts";
import { TemplateDialog } from "./template-dialog.tsx";

type Asking = "kill" | "reset" | "rename" | "clone" | "template" | "trash";

export function PowerBar({ machine }: { machine: MachineView }) {
  const power = usePower();
  const [asking, setAsking] = useState<Asking>();
  const sleep = useVerb(() => api.moments.suspend({ machine: machine.id }));
  const name = shownName(machine.name);
  const why = (action: PowerAction) => {
    const answer = may(action, machine.power, name);
    return answer === true ? undefined : answer.why;
  };
  const press = (action: PowerAction | "restart") => power.mutate({ machine: machine.id, action });
  const off = machine.power === "stopped" || machine.power === "failed";
  const close = () => setAsking(undefined);
  const pressAsked = (action: PowerAction) => {
    press(action);
    close();
  };
  const doing = (action: string) => power.isPending && power.variables?.action === action;
  return (
    <div className="power-bar">
      {machine.power === "paused" ? (
        <ReasonButton
          variant="filled"
          why={why("resume")}
          onPress={() => press("resume")}
          loading={doing("resume")}
          leftSection={<IconPlayerPlay size={18} aria-hidden="true" />}
        >
          Let it go on
        </ReasonButton>
      ) : (
        <ReasonButton
          variant={off ? "filled" : "default"}
          why={why("start")}
          onPress={() => press("start")}
          loading={doing("start")}
          leftSection={<IconPlayerPlay size={18} aria-hidden="true" />}
        >
          {machine.asleep ? "Wake it up" : "Start"}
        </ReasonButton>
      )}
      <ReasonButton
        why={why("stop")}
        onPress={() => press("stop")}
        loading={doing("stop")}
        leftSection={<IconPower size={18} aria-hidden="true" />}
      >
        Shut down
      </ReasonButton>
      <ReasonButton
        why={why("pause")}
        onPress={() => press("pause")}
        loading={doing("pause")}
        leftSection={<IconPlayerPause size={18} aria-hidden="true" />}
      >
        Pause
      </ReasonButton>
      <CommandsButton commands={machineCommands(machine)} label={`Copy as command: ${name}`} />
      <Menu width={260}>
        <Menu.Target>
          <Tooltip label="More">
            <ActionIcon variant="default" size="lg" aria-label={`More for ${name}`}>
              <IconDots size={18} aria-hidden="true" />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <MoreItem
            icon={<IconRefresh size={16} aria-hidden="true" />}
            words="Restart"
            why={why("stop")}
            onPress={() => press("restart")}
          />
          <MoreItem
            icon={<IconMoon size={16} aria-hidden="true" />}
            words="Put it to sleep"
            why={whyNotSleep(machine)}
            onPress={() => sleep.mutate(undefined)}
          />
          <MoreItem
            icon={<IconRotateClockwise size={16} aria-hidden="true" />}
            words="Press its reset button…"
            why={why("reset")}
            onPress={() => setAsking("reset")}
          />
          <MoreItem
            icon={<IconBolt size={16} aria-hidden="true" />}
            words="Pull the plug (kill)…"
            why={why("kill")}
            onPress={() => setAsking("kill")}
          />
          <Menu.Divider />
          <MoreItem
            icon={<IconPencil size={16} aria-hidden="true" />}
            words="Rename…"
            why={undefined}
            onPress={() => setAsking("rename")}
          />
          <MoreItem
            icon={<IconCopy size={16} aria-hidden="true" />}
            words="Copy (clone)…"
            why={off ? undefined : "Shut it down first: a disk in use cannot be copied whole."}
            onPress={() => setAsking("clone")}
          />
          <MoreItem
            icon={<IconStack2 size={16} aria-hidden="true" />}
            words="Make a template…"
            why={
              machine.forgets
                ? "Nothing of it shall stay. Keep it first."
                : machine.power === "starting" || machine.power === "stopping"
                  ? "In a moment: it is in between."
                  : undefined
            }
            onPress={() => setAsking("template")}
          />
          <MoreItem
            icon={<IconTrash size={16} aria-hidden="true" />}
            words="Move to the trash…"
            why={off ? undefined : "Shut it down first."}
            onPress={() => setAsking("trash")}
          />
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asking === "kill"}
        onClose={close}
        title={`Pull the plug of “${name}”?`}
        action="Pull the plug"
        onConfirm={() => pressAsked("kill")}
      >
        <p>It ends at once. What its system has not written to its disk yet is lost. “Shut down” asks its system first.</p>
      </Confirm>
      <Confirm opened={asking === "reset"} onClose={close} title={`Reset “${name}”?`} action="Reset" onConfirm={() => pressAsked("reset")}>
        <p>Its system starts again at once, without shutting down. What it has not written to its disk yet is lost.</p>
      </Confirm>
      <RenameDialog machine={machine} opened={asking === "rename"} onClose={close} />
      <CloneDialog machine={machine} opened={asking === "clone"} onClose={close} />
      {asking === "template" ? <TemplateDialog machine={machine} onClose={close} /> : null}
      <TrashDialog machine={machine} opened={asking === "trash"} onClose={close} />
    </div>
  );
}

function MoreItem({ icon, words, why, onPress }: { icon: React.ReactNode; words: string; why: string | undefined; onPress: () => void }) {
  return (
    <Menu.Item
      leftSection={icon}
      data-disabled={why ? true : undefined}
      aria-disabled={why ? true : undefined}
      closeMenuOnClick={!why}
      onClick={why ? undefined : onPress}
    >
      {words}
      {why ? <span className="menu-why">{why}</span> : null}
    </Menu.Item>
  );
}
