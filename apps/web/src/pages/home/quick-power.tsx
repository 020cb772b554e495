// The one thing most likely wanted next, on the card itself: start what is off, let go on what is paused.

import type { MachineView } from "@mimic/model";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { pressPower } from "../../actions.ts";
import { shownName } from "../../queries.ts";

export function quickAction({ power }: Pick<MachineView, "power">): "start" | "resume" | undefined {
  return power === "stopped" || power === "failed" ? "start" : power === "paused" ? "resume" : undefined;
}

export function QuickPower({ machine }: { machine: MachineView }) {
  const [busy, setBusy] = useState(false);
  const action = quickAction(machine);
  if (!action) return null;
  const words = action === "start" ? "Start" : "Let it go on";
  return (
    <button
      type="button"
      className="quick-power"
      aria-label={`${words}: ${shownName(machine.name)}`}
      title={words}
      disabled={busy}
      onClick={() => {
        setBusy(true);
        void pressPower(machine.id, action).finally(() => setBusy(false));
      }}
    >
      <IconPlayerPlay size={18} aria-hidden="true" />
    </button>
  );
}
