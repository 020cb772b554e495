// Name, and the hardware as one sentence that opens. “Create” is ready at once.
import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import { ERAS, type Era, type HostView, type ImageView, type JobView, type SystemView } from "@mimic/model";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { api } from "../../api.ts";
import { followJob } from "../../follow.ts";
import { jobsQuery, machinesQuery, networksQuery, shownName } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { JobProgress } from "../../ui/job.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { freeName, nameTrouble } from "../../words.ts";
import {
  HOME_NETWORK,
  type NewChoice,
  networkInWords,
  newCommand,
  type Parts,
  partsFor,
  partsInWords,
  partsTrouble,
  wishOf,
} from "./choice.ts";
import { computerArguments, OTHER_COMPUTERS, type OtherComputer, usualParts, withUsual } from "./other-computers.ts";

// The tables, not the schemas beside them: schemas stay out of what a page loads.
const YEARS = Object.keys(ERAS) as Era[];

interface Props {
  readonly choice: NewChoice;
  readonly system: SystemView | undefined;
  readonly image: ImageView | undefined;
  readonly host: HostView | undefined;
}

export function NewMachineForm({ choice, system, image, host }: Props) {
  const { data: machines } = useQuery(machinesQuery);
  const taken = useMemo(() => new Set(machines?.map((machine) => machine.name as string)), [machines]);
  const today = useMemo(() => partsFor(system, image), [system, image]);
  const [era, setEra] = useState<Era>();
  const [computer, setComputer] = useState<OtherComputer>();
  const from = { isImageDisk: image?.kind === "disk", leastMiB: system?.minimum.memoryMiB ?? 0 };
  const usual = usualParts(today, { era, computer }, from);
  const [typed, setTyped] = useState<string>();
  const [parts, setParts] = useState<Parts>(today);
  const [start, setStart] = useState(true);
  const { data: networks } = useQuery(networksQuery);
  const [picked, setPicked] = useState<string>();
  const names = useMemo(() => networks?.map((each) => each.name as string) ?? [], [networks]);
  // Nobody is plugged into what is not there: without a network “home”, a new machine begins without one.
  const network = networks ? (picked ?? (names.includes(HOME_NETWORK) ? HOME_NETWORK : "")) : undefined;
  const [kernelWords, setKernelWords] = useState("");
  /** One or the other: no computer of another time has another processor here. */
  const choose = (chosen: { era?: Era | undefined; computer?: OtherComputer | undefined }) => {
    setParts(withUsual(parts, usual, usualParts(today, chosen, from)));
    setEra(chosen.era);
    setComputer(chosen.computer);
  };
  // What a person chooses the computer for; a system of the catalogue brings its own, except DOS, which lived long.
  const asksForEra = (!system || system.family === "dos") && image?.kind !== "boot" && computer === undefined;
  const asksForProcessor = !system && !image?.system && era === undefined;
  const asksForWords = image?.kind === "boot" && !image.system;
  const [asked, setAsked] = useState(false);
  const name = typed ?? freeName(system?.id ?? image?.name ?? "machine", taken);
  const least = { memoryMiB: system?.minimum.memoryMiB ?? 1, diskBytes: system?.disk && parts.disk ? system.minimum.diskBytes : 0 };
  const trouble = partsTrouble(parts, least, host);
  const badName = nameTrouble(name, taken);
  const create = useMutation({
    // The name as it was asked for: once the machine is there, the next free name would be another.
    mutationFn: (wanted: string) =>
      api.machines.create({
        name: wanted,
        ...(system ? { system: system.id } : image ? { image: image.digest } : {}),
        ...(network === undefined || network === HOME_NETWORK ? {} : { network: network === "" ? null : network }),
        // The parts of a computer of its time, or of another processor, are its own unless they were changed.
        ...(system || image || era || computer ? wishOf(parts, usual) : wishOf(parts, { ...usual, disk: "" })),
        ...(era ? { era } : {}),
        ...(kernelWords ? { kernelWords } : {}),
        ...(computer ? { hardware: { ...wishOf(parts, usual).hardware, architecture: computer.architecture, board: computer.board } } : {}),
        start,
      }),
    onSuccess: ({ job }) => followJob(job),
  });
  if (create.data) return <Making job={create.data.job} name={create.variables} />;
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (!badName && !trouble.memory && !trouble.disk) create.mutate(name);
  };
  return (
    <form className="new-form" onSubmit={submit} noValidate>
      <div className="new-what">
        <Picture
          picture={system?.picture ?? (image ? (image.kind === "disk" ? "discs" : image.kind === "cd" ? "disc" : "floppy") : "empty")}
          family={system?.family}
          size={72}
        />
        <p>
          {system
            ? plain(system.summary, 240)
            : image
              ? plain(image.source, 200)
              : "A computer with an empty disk. Put a CD in and install what you like."}
        </p>
      </div>
      <TextInput
        label="Name"
        description="Lower-case letters, digits and hyphens."
        value={name}
        onChange={(event) => setTyped(event.currentTarget.value)}
        error={typed !== undefined || asked ? badName : undefined}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
      />
      <Hardware
        parts={parts}
        onChange={setParts}
        trouble={trouble}
        cpus={host?.cpus ?? 4}
        memoryFree={host?.memoryFreeBytes}
        diskFixed={image !== undefined && image.kind === "boot"}
        network={network}
        networks={names}
        onNetwork={setPicked}
      />
      {asksForEra ? (
        <NativeSelect
          label="A computer of"
          description={era ? ERAS[era].words : "An old system feels at home in a computer of its time."}
          data={[{ value: "", label: "today" }, ...YEARS.map((year) => ({ value: year, label: year }))]}
          value={era ?? ""}
          onChange={(event) => choose({ era: YEARS.find((year) => year === event.currentTarget.value) })}
        />
      ) : null}
      {asksForProcessor ? (
        <NativeSelect
          label="Processor"
          description={computer?.known ?? "Other processors than a PC’s are imitated, which is slow."}
          data={[{ value: "", label: "a PC’s" }, ...OTHER_COMPUTERS.map(({ value, label }) => ({ value, label }))]}
          value={computer?.value ?? ""}
          onChange={(event) => choose({ computer: OTHER_COMPUTERS.find(({ value }) => value === event.currentTarget.value) })}
        />
      ) : null}
      {asksForWords ? (
        <TextInput
          label="Words for its kernel"
          description="Its command line, such as console=ttyS0: without it many say nothing on the serial console."
          value={kernelWords}
          onChange={(event) => setKernelWords(event.currentTarget.value)}
          maxLength={2000}
          autoComplete="off"
          spellCheck={false}
        />
      ) : null}
      <Checkbox label="Start it right away" checked={start} onChange={(event) => setStart(event.currentTarget.checked)} />
      {create.error ? <ProblemNote error={create.error} /> : null}
      <div className="row">
        <Button type="submit" variant="filled" size="md" loading={create.isPending}>
          Create
        </Button>
      </div>
      <details className="as-command">
        <summary>The same in a terminal</summary>
        <CommandLine
          command={newCommand({ name, choice, parts, usual, network, start, computer: computerArguments({ era, computer, kernelWords }) })}
        />
      </details>
    </form>
  );
}

interface HardwareProps {
  readonly parts: Parts;
  readonly onChange: (parts: Parts) => void;
  readonly trouble: { memory?: string | undefined; disk?: string | undefined };
  readonly cpus: number;
  readonly memoryFree: number | undefined;
  readonly diskFixed: boolean;
  readonly network: string | undefined;
  readonly networks: readonly string[];
  readonly onNetwork: (name: string) => void;
}

function Hardware({ parts, onChange, trouble, cpus, memoryFree, diskFixed, network, networks, onNetwork }: HardwareProps) {
  return (
    <details className="sentence" open={trouble.memory || trouble.disk ? true : undefined}>
      <summary>
        <span className="quiet">Hardware</span>
        <span className="sentence-words">
          {partsInWords(parts)}
          {network === undefined ? "" : `, ${networkInWords(plain(network, 63))}`}
        </span>
        <span className="sentence-change">Change</span>
      </summary>
      <div className="parts">
        <NativeSelect
          label="Cores"
          description={`This computer has ${cpus}.`}
          data={Array.from({ length: Math.max(cpus, parts.cpus) }, (_, at) => String(at + 1))}
          value={String(parts.cpus)}
          onChange={(event) => onChange({ ...parts, cpus: Number(event.currentTarget.value) })}
        />
        <TextInput
          label="Memory"
          description={memoryFree === undefined ? "Such as 2 GiB." : `${formatSize(memoryFree)} is free now.`}
          value={parts.memory}
          error={trouble.memory}
          onChange={(event) => onChange({ ...parts, memory: event.currentTarget.value })}
        />
        {diskFixed ? null : (
          <TextInput
            label="Disk"
            description="Grows as it fills."
            value={parts.disk}
            error={trouble.disk}
            onChange={(event) => onChange({ ...parts, disk: event.currentTarget.value })}
          />
        )}
        {network === undefined ? null : (
          <NativeSelect
            label="Network"
            description={network === "" ? "It reaches nobody." : "Can be changed at any time."}
            data={[...networks.map((name) => ({ value: name, label: shownName(name) })), { value: "", label: "None" }]}
            value={network}
            onChange={(event) => onNetwork(event.currentTarget.value)}
          />
        )}
      </div>
    </details>
  );
}

/** Shown from “Create” until there is a machine to look at. */
function Making({ job, name }: { job: JobView; name: string }) {
  const navigate = useNavigate();
  const { data: jobs } = useQuery(jobsQuery);
  const { data: machines } = useQuery(machinesQuery);
  const now = jobs?.find((each) => each.id === job.id) ?? job;
  const there = machines?.some((machine) => machine.name === name);
  useEffect(() => {
    if (there) void navigate({ to: "/machines/$machine/{-$tab}", params: { machine: name }, replace: true });
  }, [there, name, navigate]);
  return (
    <div className="making" aria-live="polite">
      <h2>
        Making “<bdi>{name}</bdi>”
      </h2>
      {now.state === "running" ? <JobProgress job={now} title={false} /> : null}
      {now.problem ? <ProblemNote error={now.problem} /> : null}
      {now.state === "cancelled" ? <p>Cancelled. Nothing was kept.</p> : null}
      <p className="quiet">You can go elsewhere; it goes on by itself and shows under Jobs.</p>
    </div>
  );
}
