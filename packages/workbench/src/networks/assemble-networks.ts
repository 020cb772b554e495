// The verbs of networks on one context.
import type { Context } from "../context.ts";
import type { NetworkVerbs } from "../network-workbench.ts";
import { addForward, removeForward } from "./forward-verbs.ts";
import { listLeases, releaseLease, reserve, unreserve } from "./lease-verbs.ts";
import { connectToMachine, networkCounters, networkDrops, openCapture, traceFrame } from "./look-verbs.ts";
import { changeNetwork, createNetwork, keepLayout, listNetworks, removeNetwork, showNetwork } from "./network-verbs.ts";
import { addPort, changePort, removePort } from "./port-verbs.ts";
import { addRule, moveRule, removeRule } from "./rule-verbs.ts";
import { removeVlan, setVlan } from "./vlan-verbs.ts";

export const networkVerbs = (context: Context): NetworkVerbs => ({
  list: () => listNetworks(context),
  create: (input) => createNetwork(context, input),
  show: (input) => showNetwork(context, input),
  change: (input) => changeNetwork(context, input),
  remove: (input) => removeNetwork(context, input),
  setVlan: (input) => setVlan(context, input),
  removeVlan: (input) => removeVlan(context, input),
  addPort: (input) => addPort(context, input),
  changePort: (input) => changePort(context, input),
  removePort: (input) => removePort(context, input),
  addForward: (input) => addForward(context, input),
  removeForward: (input) => removeForward(context, input),
  addRule: (input) => addRule(context, input),
  moveRule: (input) => moveRule(context, input),
  removeRule: (input) => removeRule(context, input),
  leases: (input) => listLeases(context, input),
  releaseLease: (input) => releaseLease(context, input),
  reserve: (input) => reserve(context, input),
  unreserve: (input) => unreserve(context, input),
  counters: (input) => networkCounters(context, input),
  drops: (input) => networkDrops(context, input),
  trace: (input) => traceFrame(context, input),
  layout: (input) => keepLayout(context, input),
  capture: async (input, options) => openCapture(context, input, options),
  connect: (input, options) => connectToMachine(context, input, options),
});
