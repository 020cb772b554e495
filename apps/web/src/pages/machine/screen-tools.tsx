// What one can do with a screen: size, full screen, keys, typing a text, a picture of it, watching only, sound.
import { ActionIcon, Menu, Slider, Textarea, Tooltip } from "@mantine/core";
import { rawRoutes } from "@mimic/api/routes";
import { type MachineView, whenCanChange } from "@mimic/model";
import {
  IconArrowsDiagonal,
  IconAspectRatio,
  IconCamera,
  IconClipboardText,
  IconDeviceGamepad2,
  IconEye,
  IconEyeOff,
  IconKeyboard,
  IconMaximize,
  IconMouse,
  IconVolume,
  IconVolumeOff,
} from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useVerb } from "../../actions.ts";
import { api, apiBlob } from "../../api.ts";
import { factsOf } from "../../changes.ts";
import { openSound, type Sound } from "../../live/sound.ts";
import { say, showProblem } from "../../notices.ts";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { commandLine } from "../../words.ts";
import { CHORDS } from "./keys.ts";

interface Props {
  readonly ref: React.Ref<HTMLDivElement>;
  readonly machine: MachineView;
  readonly frame: React.RefObject<HTMLDivElement | null>;
  readonly viewOnly: boolean;
  readonly setViewOnly: (yes: boolean) => void;
  readonly fit: boolean;
  readonly setFit: (yes: boolean) => void;
  readonly follow: boolean;
  readonly setFollow: (yes: boolean) => void;
  readonly pad: boolean;
  readonly setPad: (yes: boolean) => void;
  readonly catchPointer: () => void;
  /** Puts the focus back into the picture. */
  readonly back: () => void;
}

interface ToolProps {
  readonly words: string;
  readonly icon: React.ReactNode;
  readonly pressed?: boolean;
  readonly onPress?: () => void;
  readonly ref?: React.Ref<HTMLButtonElement>;
}

function Tool({ words, icon, pressed, onPress, ref, ...rest }: ToolProps) {
  return (
    <Tooltip label={words} withinPortal={false}>
      <ActionIcon
        ref={ref}
        variant={pressed ? "light" : "subtle"}
        color={pressed ? undefined : "gray"}
        size="lg"
        aria-label={words}
        aria-pressed={pressed}
        onClick={onPress}
        {...rest}
      >
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

export function ScreenTools({ ref, machine, frame, viewOnly, setViewOnly, fit, setFit, back, ...more }: Props) {
  const [typing, setTyping] = useState(false);
  const press = useVerb((keys: readonly string[]) => api.machines.press({ machine: machine.id, keys: [...keys] }), { after: back });
  const picture = async () => {
    try {
      const blob = await apiBlob(rawRoutes.screenshot.path, { machine: machine.id });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${machine.name}.png`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      say(`Saved a picture of the screen: ${machine.name}.png`);
    } catch (error) {
      showProblem(error);
    }
  };
  const full = () => {
    const leaving = document.fullscreenElement !== null;
    const change = leaving ? document.exitFullscreen() : (frame.current?.requestFullscreen() ?? Promise.resolve());
    change.then(back, showProblem);
  };
  return (
    <div ref={ref} className="screen-tools" role="toolbar" aria-label="Screen">
      <Tool
        words={fit ? "Show at actual size" : "Fit into the page"}
        icon={<IconAspectRatio size={20} aria-hidden="true" />}
        pressed={!fit}
        onPress={() => setFit(!fit)}
      />
      {canFollow(machine) ? (
        <Tool
          words={more.follow ? "Keep the machine’s own size" : "Let the machine’s screen follow this window"}
          icon={<IconArrowsDiagonal size={20} aria-hidden="true" />}
          pressed={more.follow}
          onPress={() => more.setFollow(!more.follow)}
        />
      ) : null}
      <Tool words="Full screen" icon={<IconMaximize size={20} aria-hidden="true" />} onPress={full} />
      <Menu width={220} withinPortal={false} returnFocus={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Press keys" title="Press keys">
            <IconKeyboard size={20} aria-hidden="true" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {CHORDS.map(({ words, keys }) => (
            <Menu.Item key={words} onClick={() => press.mutate(keys)}>
              {words}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Tool words="Catch the mouse (Esc gives it back)" icon={<IconMouse size={20} aria-hidden="true" />} onPress={more.catchPointer} />
      <Tool
        words={more.pad ? "Put the gamepad away" : "Use a gamepad: it presses keys"}
        icon={<IconDeviceGamepad2 size={20} aria-hidden="true" />}
        pressed={more.pad}
        onPress={() => {
          more.setPad(!more.pad);
          back();
        }}
      />
      <Tool words="Type a text (paste)" icon={<IconClipboardText size={20} aria-hidden="true" />} onPress={() => setTyping(true)} />
      <Tool words="Save a picture of it" icon={<IconCamera size={20} aria-hidden="true" />} onPress={() => void picture()} />
      <Tool
        words="View only"
        icon={viewOnly ? <IconEye size={20} aria-hidden="true" /> : <IconEyeOff size={20} aria-hidden="true" />}
        pressed={viewOnly}
        onPress={() => setViewOnly(!viewOnly)}
      />
      {machine.hardware.sound === "none" ? null : <SoundTool machine={machine} />}
      <TypeText machine={machine} opened={typing} onClose={() => setTyping(false)} />
    </div>
  );
}

/** The one table knows which card can tell its guest. */
const canFollow = (machine: MachineView): boolean =>
  machine.runs !== undefined && whenCanChange({ part: "displaySize" }, factsOf(machine)).when === "now";

const MOST_TYPED = 10_000;

function TypeText({ machine, opened, onClose }: { machine: MachineView; opened: boolean; onClose: () => void }) {
  const [text, setText] = useState("");
  const type = useVerb((what: string) => api.machines.type({ machine: machine.id, text: what }), {
    after: () => {
      setText("");
      onClose();
    },
  });
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title="Type a text"
      action="Type it"
      command={commandLine("type", machine.name, text.length > 0 && text.length < 60 ? text.replaceAll("\n", " ") : "TEXT")}
      busy={type.isPending}
      disabled={text === ""}
      onSubmit={() => type.mutate(text)}
    >
      <Textarea
        data-autofocus
        label="Text"
        description="Is typed on the machine’s keyboard, key by key (US layout)."
        minRows={5}
        autosize
        maxRows={14}
        maxLength={MOST_TYPED}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

function SoundTool({ machine }: { machine: MachineView }) {
  const [sound, setSound] = useState<Sound>();
  const [volume, setVolume] = useState(0.7);
  const current = useRef<Sound>(undefined);
  useEffect(() => () => current.current?.[Symbol.dispose](), []);
  const toggle = async () => {
    if (current.current) {
      current.current[Symbol.dispose]();
      current.current = undefined;
      setSound(undefined);
      return;
    }
    try {
      const opened = await openSound(machine.id, volume);
      opened.onended = (why) => {
        current.current = undefined;
        setSound(undefined);
        if (why) say(why);
      };
      current.current = opened;
      setSound(opened);
    } catch (error) {
      showProblem(error);
    }
  };
  return (
    <span className="sound">
      <Tool
        words={sound ? "Sound off" : "Sound on"}
        icon={sound ? <IconVolume size={20} aria-hidden="true" /> : <IconVolumeOff size={20} aria-hidden="true" />}
        pressed={sound !== undefined}
        onPress={() => void toggle()}
      />
      {sound ? (
        <Slider
          className="volume"
          size="sm"
          min={0}
          max={100}
          value={Math.round(volume * 100)}
          label={null}
          thumbLabel="Volume"
          onChange={(value) => {
            setVolume(value / 100);
            sound.setVolume(value / 100);
          }}
        />
      ) : null}
    </span>
  );
}
