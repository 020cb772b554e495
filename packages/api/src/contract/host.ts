// This computer.
import { Diagnosis, HostUsbView, HostView, LanView } from "@mimic/model";
import { routes } from "../routes.ts";
import { Nothing, route } from "./common.ts";

const TAG = "host";
export const hostContract = {
  show: route(routes.host.show, TAG, "This computer and this Mimic").input(Nothing).output(HostView),
  diagnose: route(routes.host.diagnose, TAG, "What works here, what does not, why, and how to mend it").input(Nothing).output(Diagnosis),
  usb: route(routes.host.usb, TAG, "What is plugged into this computer's own USB sockets, what can be lent to a machine, and why not")
    .input(Nothing)
    .output(HostUsbView),
  lan: route(routes.host.lan, TAG, "What of this computer's own network a bridged network can be joined to, or why to nothing")
    .input(Nothing)
    .output(LanView),
};
