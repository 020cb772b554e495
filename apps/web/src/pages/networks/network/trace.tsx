// “What would become of a packet from here to there?”, answered step by step. Nothing is sent.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { NetworkView, TraceStepView } from "@mimic/model";
import { IconArrowDown, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../../api.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { ProblemNote } from "../../../ui/problem.tsx";
import { Term } from "../../../ui/term.tsx";
import { netCommands } from "../commands.ts";
import { wholeNumber } from "../dialogs/form.tsx";

type Protocol = "tcp" | "udp" | "icmp";

export function Trace({ network }: { network: NetworkView }) {
  const ports = network.ports.filter(({ leadsTo }) => leadsTo !== "mirror");
  const [from, setFrom] = useState(ports[0]?.id ?? "");
  const [to, setTo] = useState("www.example.org");
  const [protocol, setProtocol] = useState<Protocol>("tcp");
  const [port, setPort] = useState("443");
  const [tried, setTried] = useState(false);
  const toPort = protocol === "icmp" ? undefined : wholeNumber(port, 1, 65_535);
  const label = ports.find(({ id }) => id === from)?.label ?? "";
  const bad = {
    to: to.trim() === "" ? "An address or a name." : undefined,
    port: protocol !== "icmp" && toPort === undefined ? "1 to 65535." : undefined,
  };
  const trace = useMutation({
    mutationFn: () =>
      api.networks.trace({ network: network.id, from, to: to.trim(), protocol, ...(toPort === undefined ? {} : { toPort }) }),
  });
  if (ports.length === 0) return <p className="quiet tab-section">Nothing is plugged in, so there is nobody a packet could come from.</p>;
  return (
    <section aria-labelledby="trace" className="tab-section">
      <h2 id="trace">
        <Term word="trace">What would become of a packet?</Term>
      </h2>
      <form
        className="trace-form panel"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!bad.to && !bad.port) trace.mutate();
        }}
      >
        <NativeSelect
          label="From"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
          data={ports.map(({ id, label: name }) => ({ value: id, label: plain(name, 63) }))}
        />
        <TextInput
          label="To"
          value={to}
          error={tried ? bad.to : undefined}
          spellCheck={false}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <NativeSelect
          label="Kind"
          value={protocol}
          onChange={(event) => setProtocol(event.currentTarget.value as Protocol)}
          data={[
            { value: "tcp", label: "TCP" },
            { value: "udp", label: "UDP" },
            { value: "icmp", label: "Ping" },
          ]}
        />
        {protocol === "icmp" ? null : (
          <TextInput
            label="Port"
            value={port}
            error={tried ? bad.port : undefined}
            onChange={(event) => setPort(event.currentTarget.value)}
          />
        )}
        <Button type="submit" variant="filled" loading={trace.isPending}>
          Ask
        </Button>
      </form>
      <div aria-live="polite">
        {trace.error ? <ProblemNote error={trace.error} /> : null}
        {trace.data ? <Steps steps={trace.data.steps} /> : null}
      </div>
      <CommandLine command={netCommands.trace(network, label, to, protocol, toPort)} />
    </section>
  );
}

const OUTCOMES: Readonly<Record<TraceStepView["outcome"], { words: string; icon: typeof IconArrowDown }>> = {
  goesOn: { words: "goes on", icon: IconArrowDown },
  arrives: { words: "arrives", icon: IconCircleCheck },
  dropped: { words: "is dropped", icon: IconCircleX },
};

function Steps({ steps }: { steps: readonly TraceStepView[] }) {
  if (steps.length === 0) return <p className="quiet">It would never leave.</p>;
  return (
    <ol className="steps">
      {steps.map((step, at) => {
        const { words, icon: Icon } = OUTCOMES[step.outcome];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the answer is replaced whole
          <li key={at} className="step" data-outcome={step.outcome}>
            <span className="step-mark">
              <Icon size={20} aria-hidden="true" />
            </span>
            <div>
              <strong>{plain(step.at, 100)}</strong>
              <p>{plain(step.words, 400)}</p>
              {step.outcome === "goesOn" ? null : <p className="step-end">It {words}.</p>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
