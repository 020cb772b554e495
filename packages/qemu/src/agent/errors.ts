// Failures of the helper in the guest. Its own words are shown as its words, made harmless.
import { type ErrorCode, MimicError, plain } from "@mimic/base";

export const agentAbsent = (why: string): MimicError =>
  new MimicError("agent.absent", `The helper in the guest (guest agent) does not answer: ${why}.`, {
    hint: "Wait until the system has started. Systems without the helper (qemu-guest-agent) can still be used by screen and console.",
  });

export const agentMisbehaved = (why: string): MimicError =>
  new MimicError("agent.misbehaved", `The helper in the guest breaks the rules: ${plain(why)}.`, {
    hint: "What runs in this machine may not be trustworthy, or its helper is broken; restart the machine to try again.",
  });

export const agentRefused = (command: string, words: string): MimicError =>
  new MimicError("agent.refused", `The helper in the guest refused: ${plain(words)}`, {
    hint: "The words after the colon are the guest's own.",
    detail: command,
  });

const REFUSED: ErrorCode = "agent.refused";
export const isRefused = (error: unknown): boolean => error instanceof MimicError && error.code === REFUSED;
