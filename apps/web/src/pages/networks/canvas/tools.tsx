// The small buttons over the picture: larger, smaller, all of it, numbers, and undo.
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconLayoutGrid, IconMaximize, IconMinus, IconNumber123, IconPlus } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { lastChange, onChanges, undoLast } from "../undo.ts";
import type { CameraControl } from "./use-camera.ts";

interface Props {
  readonly camera: CameraControl;
  readonly numbers: boolean;
  /** Less motion is wanted: numbers stand there anyway. */
  readonly still: boolean;
  readonly onNumbers: (yes: boolean) => void;
  /** Absent while nothing was moved by hand. */
  readonly onTidy: (() => void) | undefined;
}

export function CanvasTools({ camera, numbers, still, onNumbers, onTidy }: Props) {
  const last = useSyncExternalStore(onChanges, lastChange);
  const button = (label: string, icon: React.ReactNode, press: () => void, more: object = {}) => (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="lg" aria-label={label} onClick={press} {...more}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  return (
    <div className="canvas-tools" data-no-drag>
      {last ? button(`Undo: ${last.done}`, <IconArrowBackUp size={18} aria-hidden="true" />, () => void undoLast()) : null}
      {onTidy ? button("Tidy up: everything where Mimic puts it", <IconLayoutGrid size={18} aria-hidden="true" />, onTidy) : null}
      {still
        ? null
        : button("Numbers on the cables", <IconNumber123 size={18} aria-hidden="true" />, () => onNumbers(!numbers), {
            "aria-pressed": numbers,
            "data-on": numbers || undefined,
          })}
      {button("Smaller", <IconMinus size={18} aria-hidden="true" />, () => camera.zoom(1 / 1.25))}
      <span className="canvas-percent numbers" aria-hidden="true">
        {camera.percent} %
      </span>
      {button("Larger", <IconPlus size={18} aria-hidden="true" />, () => camera.zoom(1.25))}
      {button("Show all of it", <IconMaximize size={18} aria-hidden="true" />, camera.fitAll)}
    </div>
  );
}
