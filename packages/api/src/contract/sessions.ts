// Sessions of browsers, and the end of the daemon.
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, Nothing, route } from "./common.ts";

const Session = z.object({ csrf: z.string() });

const TAG = "sessions";
export const sessionContract = {
  code: route(routes.sessions.code, TAG, "A one-time code for a browser, good for 60 seconds (only over the unix socket)")
    .input(Nothing)
    .output(z.object({ code: z.string(), address: z.string() })),
  open: route(routes.sessions.open, TAG, "Trade a one-time code for a session")
    .input(z.strictObject({ code: z.string().max(100) }))
    .output(Session),
  renew: route(routes.sessions.renew, TAG, "The session's CSRF value, for a page that was loaded again").input(Nothing).output(Session),
  close: route(routes.sessions.close, TAG, "End the session").input(Nothing).output(Done),
};

export const daemonContract = {
  shutdown: route(
    routes.daemon.shutdown,
    "daemon",
    "End the daemon; machines go on unless they are shut down first (only over the unix socket)",
  )
    .input(z.strictObject({ machines: z.boolean().default(false) }))
    .output(z.object({ stoppedMachines: z.array(z.string()) })),
};
