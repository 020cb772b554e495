// The guest agent over its unix socket. Says “are you there?” at once: the question waits in the channel
// and the answer comes in the moment the guest opens it.
import type { Socket } from "node:net";
import { QemuAgent } from "../agent/agent.ts";
import type { AgentPorts } from "../agent/agent-ports.ts";
import { AgentChannel } from "../agent/channel.ts";

export { QemuAgent };

export function openAgent(socket: Socket, ports: AgentPorts): QemuAgent {
  const channel = new AgentChannel(
    { send: (bytes) => void socket.write(bytes), waiting: () => socket.writableLength, close: () => socket.destroy() },
    ports.clock,
    ports.random,
  );
  socket.on("data", (bytes: Buffer) => channel.receive(bytes));
  socket.on("error", () => channel.ended("the connection broke"));
  socket.on("close", () => channel.ended("the machine is off"));
  channel.beginSync();
  return new QemuAgent(channel, ports);
}
