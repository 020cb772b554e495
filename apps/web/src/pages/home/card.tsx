// One machine on the home page: its own screen, its name, its state, what it is made of. The whole card opens it.
import { plain } from "@mimic/base";
import type { JobView, MachineView } from "@mimic/model";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { shownName } from "../../queries.ts";
import { JobBar } from "../../ui/job.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { PowerState } from "../../ui/state.tsx";
import { Thumbnail } from "../../ui/thumbnail.tsx";
import { needsAttention } from "../../words.ts";
import { QuickPower, quickAction } from "./quick-power.tsx";

interface Props {
  readonly machine: MachineView;
  readonly picture: string | undefined;
  readonly family: string | undefined;
  readonly job: JobView | undefined;
}

export const MachineCard = memo(function MachineCard({ machine, picture, family, job }: Props) {
  const on = machine.power === "running" || machine.power === "paused" || machine.power === "stopping";
  const trouble = needsAttention(machine);
  return (
    <li className="card" data-trouble={trouble || undefined} data-power={machine.power} data-quick={quickAction(machine)}>
      <Thumbnail machine={machine.id} on={on} still={machine.power !== "running"}>
        <Picture picture={picture ?? (machine.system ? "prompt" : "empty")} family={family} size={56} />
      </Thumbnail>
      <div className="card-words">
        <h2>
          <Link to="/machines/$machine/{-$tab}" params={{ machine: machine.name }} className="card-link">
            <bdi>{shownName(machine.name)}</bdi>
          </Link>
        </h2>
        <PowerState machine={machine} />
        {job ? (
          <div className="card-job">
            <p className="clip">{plain(job.words, 120)}</p>
            <JobBar job={job} size="sm" />
          </div>
        ) : (
          <p className={trouble ? "card-because" : "quiet clip"}>
            {trouble
              ? plain(machine.because, 160)
              : [kindInWords(machine), machine.systemName && plain(machine.systemName, 60), machine.hardwareInWords]
                  .filter(Boolean)
                  .join(" · ")}
          </p>
        )}
      </div>
      <QuickPower machine={machine} />
    </li>
  );
});

/** What one should know before writing anything into it. */
const kindInWords = ({ forgets }: MachineView): string | undefined =>
  forgets === "machine" ? "Disposable" : forgets === "disks" ? "Begins anew at each start" : undefined;
