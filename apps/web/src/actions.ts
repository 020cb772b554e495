// What a person can do to a machine, each with its words and the command that does the same.
import type { JobView, MachineView, PowerAction } from "@mimic/model";
import { useMutation } from "@tanstack/react-query";
import { api } from "./api.ts";
import { followJob, rememberMachine } from "./follow.ts";
import { say, showProblem } from "./notices.ts";
import { commandLine } from "./words.ts";

type Answer = { job: JobView } | MachineView | object;

const VERBS: Readonly<Record<PowerAction | "restart", (machine: string) => Promise<Answer>>> = {
  start: (machine) => api.machines.start({ machine }),
  stop: (machine) => api.machines.stop({ machine }),
  restart: (machine) => api.machines.restart({ machine }),
  kill: (machine) => api.machines.kill({ machine }),
  pause: (machine) => api.machines.pause({ machine }),
  resume: (machine) => api.machines.resume({ machine }),
  reset: (machine) => api.machines.reset({ machine }),
};

/** Takes in whatever a verb answers with: a job is followed, a machine is shown as it is now. */
export function takeAnswer(answer: Answer): void {
  if ("job" in answer && typeof answer.job === "object") followJob(answer.job as JobView);
  else if ("power" in answer) rememberMachine(answer as MachineView);
}

export function usePower() {
  return useMutation({
    mutationFn: ({ machine, action }: { machine: string; action: PowerAction | "restart" }) => VERBS[action](machine),
    onSuccess: takeAnswer,
    onError: (error) => showProblem(error),
  });
}

/** The same without a hook, for lists of a thousand. */
export async function pressPower(machine: string, action: PowerAction): Promise<void> {
  try {
    takeAnswer(await VERBS[action](machine));
  } catch (error) {
    showProblem(error);
  }
}

/** Any other verb: errors are shown, `done` is said. */
export function useVerb<I, A extends Answer>(
  verb: (input: I) => Promise<A>,
  options: { done?: (input: I, answer: A) => string; after?: (input: I) => void } = {},
) {
  return useMutation({
    mutationFn: verb,
    onSuccess: (answer, input) => {
      takeAnswer(answer);
      if (options.done) say(options.done(input, answer));
      options.after?.(input);
    },
    onError: (error) => showProblem(error),
  });
}

export interface MachineCommand {
  readonly words: string;
  readonly command: string;
}

/** The command lines that do what the buttons of a machine's page do. */
export function machineCommands(machine: Pick<MachineView, "name" | "power" | "forgets">): MachineCommand[] {
  const { name, power } = machine;
  const row = (words: string, ...args: string[]): MachineCommand => ({ words, command: commandLine(...args) });
  const on = power === "running" || power === "paused";
  return [
    ...(power === "stopped" || power === "failed" ? [row("Start it", "start", name)] : []),
    ...(on ? [row("Shut it down", "stop", name), row("Restart it", "restart", name)] : []),
    ...(power === "running" ? [row("Pause it", "pause", name)] : []),
    ...(on ? [row("Put it to sleep", "suspend", name)] : []),
    ...(power === "paused" ? [row("Let it go on", "resume", name)] : []),
    ...(on || power === "starting" || power === "stopping" ? [row("End it at once", "kill", name)] : []),
    ...(on
      ? [
          row("Its serial console, here in a terminal", "console", name),
          row("A shell in it", "shell", name),
          row("Run one command in it", "exec", name, "--", "uname", "-a"),
          row("Keep a picture of its screen", "screenshot", name),
          row("Press keys", "key", name, "ctrl-alt-delete"),
        ]
      : []),
    row("Everything about it", "show", name),
    row("Why it is started the way it is", "explain", name),
    row("Its log", "logs", name),
    row("Copy it", "clone", name, `${name}-copy`),
    ...(machine.forgets ? [row("Keep it", "keep", name)] : [row("Make a template of it", "template", name)]),
    row("Move it to the trash", "rm", name),
  ];
}
