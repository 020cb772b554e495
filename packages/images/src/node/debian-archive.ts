// A Debian mirror without apt or dpkg: the suite's signed Release, its package index, packages. Every byte is
// checked against the signature, so mirrors need not be trusted. What was fetched stays in the cache under its digest.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Log, type LongWork, MimicError, messageOf, plain } from "@mimic/base";
import type { Key } from "openpgp";
import { collect } from "../archive/byte-reader.ts";
import { type Mirror, type MirrorPlan, parseDeb822Sources, parseOneLineSources, planMirrors } from "../debian/apt-sources.ts";
import { type DebianPackage, readPackageIndex } from "../debian/control.ts";
import { parseRelease, type Release } from "../debian/release.ts";
import { compareVersions } from "../debian/version.ts";
import { decompress } from "./decompress.ts";
import { fetchFile } from "./fetch-file.ts";
import { downloadFailed, httpGet } from "./http-get.ts";
import { openSignedText, readArmoredKeys } from "./signed-text.ts";

export interface DebianArchiveOptions {
  readonly cacheDirectory: string;
  /** Holds `keys/debian/*.asc`. */
  readonly contentDirectory: string;
  readonly mirrors: MirrorPlan;
  readonly clock: Clock;
  readonly log: Log;
}

/** A package and where its suite's mirrors are. */
export interface FoundPackage extends DebianPackage {
  readonly bases: readonly string[];
}

interface OpenSuite {
  /** The InRelease file as it came. */
  readonly signed: string;
  readonly release: Release;
  readonly bases: readonly string[];
  readonly path: string;
}

const MAX_INRELEASE = 2 * 1024 ** 2;
const MAX_PACKAGE = 512 * 1024 ** 2;

/** The mirrors that this host's own apt names; none where there is no apt. */
export async function hostMirrors(directory = "/etc/apt"): Promise<Mirror[]> {
  const folder = join(directory, "sources.list.d");
  const names = await readdir(folder).catch((): string[] => []);
  const paths = [join(directory, "sources.list"), ...names.sort().map((name) => join(folder, name))];
  const found: Mirror[] = [];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => "");
    found.push(...(path.endsWith(".sources") ? parseDeb822Sources(text) : path.endsWith(".list") ? parseOneLineSources(text) : []));
  }
  return found;
}

export async function findMirrors(environment: Readonly<Record<string, string | undefined>>): Promise<MirrorPlan> {
  const override = environment["MIMIC_DEBIAN_MIRROR"];
  return planMirrors({ override, host: override ? [] : await hostMirrors() });
}

export class DebianArchive {
  readonly #options: DebianArchiveOptions;
  readonly #suites = new Map<string, OpenSuite>();
  #keys: Promise<Key[]> | undefined;

  constructor(options: DebianArchiveOptions) {
    this.#options = options;
  }

  async #readKeys(): Promise<Key[]> {
    const folder = join(this.#options.contentDirectory, "keys", "debian");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".asc")).sort();
    return readArmoredKeys(await Promise.all(names.map((name) => readFile(join(folder, name), "utf8"))));
  }

  async #inRelease(base: string, path: string, codename: string, work: LongWork): Promise<Pick<OpenSuite, "release" | "signed">> {
    const what = `the index of Debian ${codename}`;
    const url = `${base}/dists/${path}/InRelease`;
    const reply = await httpGet(url, { signal: work.signal, plainHttp: true, privateRedirects: false });
    if (reply.status !== 200) {
      await reply.body[Symbol.asyncIterator]().return?.();
      throw downloadFailed(url, `the server answered ${reply.status}`);
    }
    const text = new TextDecoder().decode(await collect(reply.body, MAX_INRELEASE, "suite's index"));
    this.#keys ??= this.#readKeys();
    const release = parseRelease(await openSignedText(text, await this.#keys, what));
    if (release.codename !== codename)
      throw new MimicError("debian.wrong_suite", `${plain(url, 300)} is the index of “${plain(release.codename)}”, not of “${codename}”.`, {
        hint: "The mirror is set up wrongly. Use another one: MIMIC_DEBIAN_MIRROR=http://…/debian",
      });
    if (release.validUntilMs !== undefined && release.validUntilMs < this.#options.clock.nowMs())
      throw new MimicError("debian.index_expired", `The index of Debian “${codename}” at ${plain(base, 300)} is out of date.`, {
        hint: "The mirror no longer follows Debian, or this computer's clock is wrong. Check the date, or use another mirror.",
      });
    return { release, signed: text };
  }

  /** Throws the last mirror's error. */
  async #open(codename: string, path: string, bases: readonly string[], work: LongWork): Promise<OpenSuite> {
    const known = this.#suites.get(codename);
    if (known) return known;
    let last: unknown;
    for (const base of bases) {
      try {
        work.report({ words: `Asking ${new URL(base).host} for its list of packages` });
        const checked = await this.#inRelease(base, path, codename, work);
        const opened = { ...checked, path, bases: [base, ...bases.filter((other) => other !== base)] };
        this.#suites.set(codename, opened);
        return opened;
      } catch (error) {
        if (work.signal.aborted) throw work.signal.reason;
        this.#options.log.warn("debian mirror not usable", { base, codename, why: messageOf(error) });
        last = error;
      }
    }
    throw last ?? downloadFailed(codename, "no mirror is known");
  }

  /** A file named by the digest that it must have, from the cache or the mirrors. */
  async #object(urls: readonly string[], sha256: string, maxBytes: number, what: string, work: LongWork): Promise<string> {
    const path = join(this.#options.cacheDirectory, "debian", sha256);
    if (await hasDigest(path, sha256)) return path;
    await rm(path, { force: true });
    await mkdir(join(this.#options.cacheDirectory, "debian"), { recursive: true, mode: 0o700 });
    const expected = { algorithm: "sha256", hex: sha256 } as const;
    await fetchFile({ urls, path, maxBytes, plainHttp: true, privateRedirects: false, what, expected }, work);
    return path;
  }

  async #index(suite: OpenSuite, section: string, wanted: (name: string) => boolean, work: LongWork): Promise<FoundPackage[]> {
    const name = `main/${section}/Packages.xz`;
    const entry = suite.release.files.get(name);
    if (!entry)
      throw new MimicError("debian.index_missing", `Debian “${suite.release.codename}” has no list of packages for this.`, {
        hint: "Use a mirror that carries the amd64 architecture.",
      });
    const folder = name.slice(0, name.lastIndexOf("/"));
    const urls = suite.bases.flatMap((base) => [
      `${base}/dists/${suite.path}/${folder}/by-hash/SHA256/${entry.sha256}`,
      `${base}/dists/${suite.path}/${name}`,
    ]);
    const path = await this.#object(urls, entry.sha256, entry.sizeBytes, "Debian's list of packages", work);
    work.report({ words: "Reading Debian's list of packages" });
    const packages = await readPackageIndex(decompress(createReadStream(path, { signal: work.signal }), "xz"), wanted);
    return packages.map((one) => ({ ...one, bases: suite.bases }));
  }

  /**
   * The newest version of each wanted package in the suite and its security suite. A mirror without the
   * security suite is used without it (and that is logged). `section`: "binary-amd64", or "debian-installer/binary-amd64".
   */
  async packages(
    codename: string,
    wanted: (name: string) => boolean,
    work: LongWork,
    section = "binary-amd64",
  ): Promise<ReadonlyMap<string, FoundPackage>> {
    const found = new Map<string, FoundPackage>();
    const keep = (list: readonly FoundPackage[]): void => {
      for (const one of list) {
        const before = found.get(one.name);
        if (!before || compareVersions(before.version, one.version) < 0) found.set(one.name, one);
      }
    };
    const { mirrors, log } = this.#options;
    keep(await this.#index(await this.#open(codename, codename, mirrors.main, work), section, wanted, work));
    try {
      const security = `${codename}-security`;
      keep(await this.#index(await this.#open(security, security, mirrors.security, work), section, wanted, work));
    } catch (error) {
      if (work.signal.aborted) throw work.signal.reason;
      log.warn("debian security suite not usable, going on without it", { codename, why: messageOf(error) });
    }
    return found;
  }

  /** The path of the verified .deb in the cache. */
  fetch(one: FoundPackage, work: LongWork): Promise<string> {
    const urls = one.bases.map((base) => `${base}/${one.fileName.split("/").map(encodeURIComponent).join("/")}`);
    return this.#object(urls, one.sha256, Math.min(one.sizeBytes, MAX_PACKAGE), one.name, work);
  }

  /**
   * For an installer: a file below `dists/<codename>/`, checked against the signed Release. Release and its detached
   * signature are handed on as they are: the installer checks them itself. Undefined = the Release names no such file.
   */
  async suiteContent(codename: string, name: string, work: LongWork): Promise<string | Uint8Array | undefined> {
    const suite = await this.#open(codename, codename, this.#options.mirrors.main, work);
    if (name === "InRelease") return new TextEncoder().encode(suite.signed);
    const urls = suite.bases.map((base) => `${base}/dists/${suite.path}/${name}`);
    if (name === "Release" || name === "Release.gpg") {
      const reply = await httpGet(urls[0] ?? "", { signal: work.signal, plainHttp: true, privateRedirects: false });
      return reply.status === 200 ? collect(reply.body, MAX_INRELEASE, "suite's index") : undefined;
    }
    const hash = /\/by-hash\/SHA256\/([0-9a-f]{64})$/.exec(name)?.[1];
    const entry = hash ? [...suite.release.files.values()].find((one) => one.sha256 === hash) : suite.release.files.get(name);
    return entry && this.#object(urls, entry.sha256, entry.sizeBytes, name, work);
  }

  /** Every package of the suite, the installer's own parts among them, by its path on the mirror. */
  async allFiles(codename: string, work: LongWork): Promise<ReadonlyMap<string, FoundPackage>> {
    const suite = await this.#open(codename, codename, this.#options.mirrors.main, work);
    const files = new Map<string, FoundPackage>();
    for (const section of ["binary-amd64", "debian-installer/binary-amd64"]) {
      if (!suite.release.files.has(`main/${section}/Packages.xz`)) continue;
      for (const one of await this.#index(suite, section, () => true, work)) files.set(one.fileName, one);
    }
    return files;
  }
}

async function hasDigest(path: string, sha256: string): Promise<boolean> {
  try {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
    return hash.digest("hex") === sha256;
  } catch {
    return false;
  }
}
