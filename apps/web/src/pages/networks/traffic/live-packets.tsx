// Watching packets as they pass: a filter that says which word it does not understand, pause, the list, one packet in
// all its layers, and the whole as a file for Wireshark.
import { Button, Checkbox, TextInput } from "@mantine/core";
import type { LivePacket } from "@mimic/api/live";
import { API_PREFIX, fillPath, rawRoutes } from "@mimic/api/routes";
import { plain } from "@mimic/base";
import type { NetworkView } from "@mimic/model";
import { IconDownload, IconFilter, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useId, useState } from "react";
import { CommandLine } from "../../../ui/command.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { netCommands } from "../commands.ts";
import { faultIn } from "./filter-fault.ts";
import { PacketDetail } from "./packet-detail.tsx";
import { PacketList } from "./packet-list.tsx";
import { useCaptureFile } from "./use-capture-file.ts";
import { type Packets, usePackets } from "./use-packets.ts";

interface Props {
  readonly network: NetworkView;
  readonly port?: string | undefined;
  /** In the panel beside the picture. */
  readonly narrow?: boolean;
}

export function LivePackets({ network, port, narrow = false }: Props) {
  const [typed, setTyped] = useState("");
  const [filter, setFilter] = useState("");
  const [drops, setDrops] = useState(true);
  const [paused, setPaused] = useState(false);
  const [round, setRound] = useState(0);
  const [chosen, setChosen] = useState<LivePacket>();
  const packets = usePackets({ network: network.id, port, filter, drops, paused, round });
  const { log, state, problem } = packets;
  const choose = (packet: LivePacket) => {
    setChosen(packet);
    setPaused(true);
    packets.ask(packet.seq);
  };
  const apply = () => {
    setFilter(typed.trim());
    setChosen(undefined);
    setPaused(false);
    setRound((n) => n + 1);
  };
  const label = network.ports.find(({ id }) => id === port)?.label;
  return (
    <div className="live-packets" data-narrow={narrow || undefined}>
      <FilterBox typed={typed} applied={filter} problem={problem} onType={setTyped} onApply={apply} />
      <div className="tools">
        <Button
          size="compact-md"
          leftSection={paused ? <IconPlayerPlay size={16} aria-hidden="true" /> : <IconPlayerPause size={16} aria-hidden="true" />}
          onClick={() => setPaused(!paused)}
        >
          {paused ? "Go on" : "Pause"}
        </Button>
        <Button size="compact-md" onClick={packets.clear}>
          Clear
        </Button>
        <CaptureFile network={network} port={port} filter={filter} drops={drops} />
        <Checkbox label="Dropped frames too" checked={drops} onChange={(event) => setDrops(event.currentTarget.checked)} />
        <p className="quiet numbers" role="status">
          {stateInWords(packets, paused)}
        </p>
      </div>
      {log.packets.length === 0 ? (
        <p className="nothing">
          {state === "ended" && problem
            ? "Nothing to show."
            : filter
              ? "Nothing that fits has passed yet."
              : "Nothing has passed yet. A ping would show here."}
        </p>
      ) : (
        <PacketList packets={log.packets} chosen={chosen?.seq} onChoose={choose} narrow={narrow} />
      )}
      {state === "ended" ? (
        <Button size="compact-md" onClick={() => setRound((n) => n + 1)}>
          Connect again
        </Button>
      ) : null}
      {chosen ? <PacketDetail packet={chosen} bytes={packets.bytes} /> : null}
      {narrow ? null : <CommandLine command={`${netCommands.capture(network, label, filter)} | wireshark -k -i -`} />}
    </div>
  );
}

function stateInWords({ log, state }: Packets, paused: boolean): string {
  const missed = log.missed > 0 ? `, ${log.missed} missed (too many to show)` : "";
  const kept = log.seen > log.packets.length ? `, the last ${log.packets.length} are here` : "";
  const now = state === "connecting" ? "Connecting…" : state === "ended" ? "Ended" : paused ? "Paused" : "Live";
  return `${now}: ${log.seen === 1 ? "1 packet" : `${log.seen} packets`}${kept}${missed}`;
}

interface FilterProps {
  readonly typed: string;
  readonly applied: string;
  readonly problem: Packets["problem"];
  readonly onType: (text: string) => void;
  readonly onApply: () => void;
}

function FilterBox({ typed, applied, problem, onType, onApply }: FilterProps) {
  const id = useId();
  const fault = problem?.code.startsWith("capture.") ? faultIn(applied, problem) : undefined;
  return (
    <form
      className="filter-box"
      onSubmit={(event) => {
        event.preventDefault();
        onApply();
      }}
    >
      <TextInput
        aria-label="Filter"
        placeholder="Filter, such as: tcp port 80 and host 10.77.0.12"
        leftSection={<IconFilter size={16} aria-hidden="true" />}
        value={typed}
        error={fault !== undefined}
        aria-describedby={problem ? id : undefined}
        maxLength={1000}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onType(event.currentTarget.value)}
      />
      <Button type="submit">Filter</Button>
      {problem ? (
        <div id={id} className="filter-fault">
          {fault ? (
            <p>
              <code>
                {plain(fault.before, 1000)}
                <mark>{plain(fault.word, 200)}</mark>
                {plain(fault.after, 1000)}
              </code>
            </p>
          ) : null}
          <ProblemNote error={problem} />
        </div>
      ) : null}
    </form>
  );
}

function CaptureFile({ network, port, filter, drops }: { network: NetworkView; port: string | undefined; filter: string; drops: boolean }) {
  const query = new URLSearchParams({ ...(port ? { port } : {}), ...(filter ? { filter } : {}), ...(drops ? { drops: "1" } : {}) });
  const path = `${API_PREFIX}${fillPath(rawRoutes.capture.path, { network: network.id })}?${query}`;
  const file = useCaptureFile(path, `${network.name}${port ? "-port" : ""}.pcapng`);
  return (
    <Button
      size="compact-md"
      leftSection={file.recording ? <IconPlayerStop size={16} aria-hidden="true" /> : <IconDownload size={16} aria-hidden="true" />}
      onClick={file.recording ? file.stop : file.start}
    >
      {file.recording ? `End and keep the file (${file.size})` : "Record a file (pcap-ng)"}
    </Button>
  );
}
