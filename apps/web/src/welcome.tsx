// What a page without a session shows: how to get one. Nothing here is secret or asks for anything.
import { Button } from "@mantine/core";
import { openSession, type Session } from "./session.ts";
import { CommandLine } from "./ui/command.tsx";
import { useTitle } from "./ui/page.tsx";

const HEADINGS = {
  none: { noSession: "Open Mimic from a terminal", codeRefused: "This link was used already, or is too old" },
  unreachable: "Mimic does not answer",
} as const;

export function Welcome({ session }: { session: Session }) {
  const heading = session.state === "none" ? HEADINGS.none[session.why] : HEADINGS.unreachable;
  useTitle(heading);
  if (session.state === "checking" || session.state === "open") return null;
  return (
    <main className="welcome">
      <img src="/mimic.svg" alt="" width={56} height={56} />
      <h1>{heading}</h1>
      {session.state === "unreachable" ? (
        <>
          <p>Your machines go on running without it. Start Mimic in a terminal on this computer:</p>
          <CommandLine command="mimic up" />
        </>
      ) : (
        <>
          <p>
            Only you may use your machines, so this page needs a one-time link. In a terminal on this computer, write the following; it
            opens this page with a code that is good once, for a minute.
          </p>
          <CommandLine command="mimic open" />
        </>
      )}
      <Button onClick={() => void openSession(window.location, window.history)}>Try again</Button>
    </main>
  );
}
