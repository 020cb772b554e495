// OpenPGP: is this text signed by a key that we carry? Keys are read from `content/keys/`, where each
// stands with its origin; nothing is ever fetched from a key server.

import { MimicError, plain } from "@mimic/base";
import { createMessage, type Key, readCleartextMessage, readKeys, readSignature, verify } from "openpgp";

export const signatureWrong = (what: string, why: string): MimicError =>
  new MimicError("image.signature_wrong", `The signature of ${plain(what)} does not hold: ${plain(why)}.`, {
    hint: "Somebody between here and the publisher changed it, or the mirror is broken. Use another mirror.",
  });

export const readArmoredKeys = (armored: readonly string[]): Promise<Key[]> =>
  Promise.all(armored.map((armoredKeys) => readKeys({ armoredKeys }))).then((lists) => lists.flat());

/** The text inside a clear-signed message (an InRelease file), once one of its signatures is by one of `keys`. Throws `image.signature_wrong`. */
export async function openSignedText(cleartextMessage: string, keys: readonly Key[], what: string): Promise<string> {
  try {
    const message = await readCleartextMessage({ cleartextMessage });
    const result = await verify({ message, verificationKeys: [...keys] });
    await anyHolds(result.signatures.map((signature) => signature.verified));
    return result.data;
  } catch (error) {
    throw signatureWrong(what, error instanceof Error ? error.message : String(error));
  }
}

/** A file's bytes and a detached signature beside it, armored or binary. Throws `image.signature_wrong`. */
export async function checkDetached(content: Uint8Array, signature: Uint8Array, keys: readonly Key[], what: string): Promise<void> {
  try {
    const head = new TextDecoder().decode(signature.subarray(0, 64));
    const parsed = head.includes("-----BEGIN PGP")
      ? await readSignature({ armoredSignature: new TextDecoder().decode(signature) })
      : await readSignature({ binarySignature: signature });
    const message = await createMessage({ binary: content });
    const result = await verify({ message, signature: parsed, verificationKeys: [...keys] });
    await anyHolds(result.signatures.map((one) => one.verified));
  } catch (error) {
    throw signatureWrong(what, error instanceof Error ? error.message : String(error));
  }
}

async function anyHolds(verdicts: readonly Promise<boolean>[]): Promise<void> {
  if (verdicts.length === 0) throw new Error("it is not signed");
  await Promise.any(verdicts).catch(() => {
    throw new Error("none of its signatures is by a key that Mimic knows");
  });
}
