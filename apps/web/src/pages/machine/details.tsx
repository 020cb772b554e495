// For those who want to know: what it is, what its guest claims, how strong its wall is and why, and every argument
// that its engine is started with, with the reason.
import { plain } from "@mimic/base";
import { type MachineView, signInWords } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { explainQuery, guestQuery, pingQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { CommandLine } from "../../ui/command.tsx";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine, shellWord } from "../../words.ts";

function Fact({ name, children }: { name: React.ReactNode; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Details({ machine }: { machine: MachineView }) {
  return (
    <div className="columns">
      <section aria-labelledby="facts">
        <h2 id="facts">What it is</h2>
        <dl className="facts">
          <Fact name="System">{plain(machine.systemName ?? "unknown", 60)}</Fact>
          <Fact name="Made">
            <Ago at={machine.createdAt} />
          </Fact>
          <Fact name="In this state">
            since <Ago at={machine.since} />
          </Fact>
          {machine.accelerator ? (
            <Fact name={<Term word="accelerator" />}>
              <Term word={machine.accelerator === "kvm" ? "kvm" : machine.accelerator === "tcg" ? "tcg" : "accelerator"}>
                {machine.accelerator.toUpperCase()}
              </Term>
            </Fact>
          ) : null}
          <Fact name={<Term word="usable">Ready when</Term>}>{plain(signInWords(machine.readiness.sign), 260)}</Fact>
          {machine.login ? <Fact name="Log in as">{plain(machine.login.user, 32)}</Fact> : null}
          <Fact name="Id">
            <code>{machine.id}</code>
          </Fact>
        </dl>
        {machine.power === "running" ? <Guest machine={machine} /> : null}
        <Wall machine={machine} />
      </section>
      <Explained machine={machine} />
    </div>
  );
}

function Guest({ machine }: { machine: MachineView }) {
  const { data: guest } = useQuery(guestQuery(machine.id));
  const { data: ping } = useQuery(pingQuery(machine.id));
  if (!guest || (!guest.system && !guest.hostname)) return null;
  return (
    <>
      <h2>
        What its <Term word="guest" /> says
      </h2>
      <dl className="facts">
        {guest.system ? (
          <Fact name="System">
            <bdi>{plain(guest.system, 120)}</bdi>
          </Fact>
        ) : null}
        {guest.hostname ? (
          <Fact name="Calls itself">
            <bdi>{plain(guest.hostname, 120)}</bdi>
          </Fact>
        ) : null}
        {guest.agentVersion ? (
          <Fact name={<Term word="agent" />}>
            <bdi>{plain(guest.agentVersion, 40)}</bdi>
          </Fact>
        ) : null}
        {ping ? <Fact name="Answers within">{Math.max(1, Math.round(ping.answeredInMs))} ms</Fact> : null}
      </dl>
      <p className="quiet">These are the guest’s own words; Mimic does not vouch for them.</p>
    </>
  );
}

function Wall({ machine }: { machine: MachineView }) {
  if (!machine.isolation) return null;
  return (
    <>
      <h2>
        <Term word="grade">Isolation grade</Term> {machine.isolation.grade}
      </h2>
      <ul className="plain-list">
        {machine.isolation.because.map((each) => (
          <li key={each}>{plain(each, 300)}</li>
        ))}
      </ul>
    </>
  );
}

function Explained({ machine }: { machine: MachineView }) {
  const { data: parts, error } = useQuery(explainQuery(machine.id));
  return (
    <section aria-labelledby="explained">
      <h2 id="explained">
        How <Term word="qemu">its engine</Term> is started
      </h2>
      <p className="quiet">Every argument, and why it is there.</p>
      {error ? <ProblemNote error={error} /> : null}
      {parts ? (
        <ul className="explained">
          {parts.map((part, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced whole
            <li key={at}>
              <span>{plain(part.because, 400)}</span>
              <code>{plain(part.args.map(shellWord).join(" "), 1000)}</code>
            </li>
          ))}
        </ul>
      ) : error ? null : (
        <Waiting>Asking…</Waiting>
      )}
      <CommandLine command={commandLine("explain", machine.name)} />
    </section>
  );
}
