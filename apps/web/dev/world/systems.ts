// The catalogue of worlds that do not exist.
import type { SystemView } from "@mimic/model";
import { GIB, hex } from "./parts.ts";

type SystemWish = Pick<SystemView, "id" | "name" | "summary" | "family" | "picture" | "imageDigest"> & {
  memoryMiB: number;
  diskGiB: number;
  source: SystemView["source"];
};
function system(wish: SystemWish, rank: number): SystemView {
  const { memoryMiB, diskGiB, ...rest } = wish;
  return {
    ...rest,
    revision: 1,
    rank,
    architecture: "x86_64",
    minimum: { memoryMiB, diskBytes: diskGiB * GIB },
    hardware: { cpus: memoryMiB > 600 ? 2 : 1, memoryMiB: memoryMiB * 2 },
    ...(diskGiB > 0 ? { disk: { bus: "virtio", sizeBytes: 2 * diskGiB * GIB } } : {}),
    readiness: { sign: { kind: "agent" }, withinMs: 300_000 },
    seed: "none",
    licence: "Free software, several licences",
    homepage: "https://example.org/",
  };
}

const assemble: SystemView["source"] = { way: "assemble", builder: "tiny-linux", suite: "bookworm", packages: [], options: {} };
const download = (sizeBytes: number): SystemView["source"] => ({
  way: "download",
  urls: ["https://example.org/image"],
  kind: "disk",
  format: "qcow2",
  compression: "none",
  sizeBytes,
  proof: { by: "digest", digest: { algorithm: "sha256", hex: hex(9) } },
});

export const SYSTEMS: SystemView[] = [
  {
    id: "tiny",
    name: "Tiny Linux",
    summary: "A whole Linux in a few seconds. For first steps and for trying things without harm.",
    family: "linux" as const,
    picture: "tiny-linux",
    imageDigest: hex(2),
    memoryMiB: 64,
    diskGiB: 0,
    source: assemble,
  },
  {
    id: "debian-13",
    name: "Debian 13",
    summary: "A calm, complete Linux for servers and for learning. Ready to use, without a desktop.",
    family: "linux" as const,
    picture: "debian",
    imageDigest: hex(1),
    memoryMiB: 512,
    diskGiB: 4,
    source: download(420_000_000),
  },
  {
    id: "ubuntu-24.04",
    name: "Ubuntu 24.04 LTS",
    summary: "The Linux that most instructions on the web are written for.",
    family: "linux" as const,
    picture: "ubuntu",
    imageDigest: undefined,
    memoryMiB: 1024,
    diskGiB: 5,
    source: download(620_000_000),
  },
  {
    id: "fedora-43",
    name: "Fedora 43",
    summary: "A Linux with the newest of everything.",
    family: "linux" as const,
    picture: "fedora",
    imageDigest: undefined,
    memoryMiB: 1024,
    diskGiB: 5,
    source: download(520_000_000),
  },
  {
    id: "alpine-3",
    name: "Alpine 3",
    summary: "A very small Linux that starts fast and does one thing well.",
    family: "linux" as const,
    picture: "alpine",
    imageDigest: undefined,
    memoryMiB: 128,
    diskGiB: 1,
    source: download(180_000_000),
  },
  {
    id: "debian-12-install",
    name: "Debian 12, installed fresh",
    summary: "Watch Debian install itself from the network onto an empty disk.",
    family: "linux" as const,
    picture: "debian-installer",
    imageDigest: undefined,
    memoryMiB: 512,
    diskGiB: 8,
    source: { way: "install" as const, installer: "debian" as const, suite: "bookworm", packages: [] },
  },
  {
    id: "freedos",
    name: "FreeDOS 1.3",
    summary: "The PC of the nineties: old games and programs from a black screen.",
    family: "dos" as const,
    picture: "freedos",
    imageDigest: undefined,
    memoryMiB: 32,
    diskGiB: 1,
    source: download(420_000_000),
  },
  {
    id: "memtest",
    name: "Memory test",
    summary: "Tests a computer’s memory. Here: a good look at a machine without any system.",
    family: "tool" as const,
    picture: "memtest",
    imageDigest: undefined,
    memoryMiB: 32,
    diskGiB: 0,
    source: assemble,
  },
  {
    id: "windows-11",
    name: "Windows 11",
    summary: "From an installation medium of your own.",
    family: "windows" as const,
    picture: "windows",
    imageDigest: undefined,
    memoryMiB: 65_536,
    diskGiB: 64,
    source: { way: "bring" as const, kind: "cd" as const, hint: "Get the ISO from its maker." },
  },
].map(system);
