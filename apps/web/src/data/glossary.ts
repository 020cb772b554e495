// Unusual words, one sentence each, for everywhere in the page and for the page of words itself.
// `term` is the field's word; `also` is what a beginner would say.

export interface Entry {
  readonly term: string;
  readonly also?: string;
  readonly means: string;
}

export const GLOSSARY = {
  machine: {
    term: "machine",
    also: "virtual machine",
    means: "A computer made of software: it has a processor, memory, disks and a screen, and lives in a window of yours.",
  },
  guest: { term: "guest", means: "The system and programs that run inside a machine. Mimic never trusts what a guest says about itself." },
  host: { term: "host", also: "this computer", means: "The real computer that Mimic and all machines run on." },
  image: {
    term: "image",
    means: "The content of a disk, CD or floppy in a file. Images never change; machines lay their own changes over them.",
  },
  overlay: {
    term: "overlay",
    also: "thin layer",
    means: "A file that holds only what a machine changed. What it did not change is read from the image below.",
  },
  flatten: {
    term: "flatten",
    also: "make independent",
    means: "Letting a disk take in all the layers and images that it stands on, so that it depends on nothing else.",
  },
  storage: {
    term: "storage",
    means: "A folder that you named, on any drive, in which disks may lie. “main” is Mimic’s own data directory.",
  },
  snapshot: {
    term: "snapshot",
    means: "A machine’s disks as they were at one moment. Going back to it is like switching on with those disks.",
  },
  routine: {
    term: "routine",
    means: "How often Mimic keeps a moment of a machine by itself, and how many of them stay. Old ones are cleared away.",
  },
  retention: {
    term: "retention",
    means:
      "How many stay of the moments that Mimic keeps before going back and before a risky change. Older ones are cleared away, and never what you protect, name or note.",
  },
  checkpoint: {
    term: "checkpoint",
    means: "A machine’s disks, memory and devices at one moment. Going back to it goes on in the middle of what it was doing.",
  },
  template: {
    term: "template",
    means: "A machine kept as it was, that others are made from in a moment.",
  },
  generation: {
    term: "generation",
    means: "One of the states of a template that were kept, one after the other. None of them ever changes.",
  },
  seal: {
    term: "seal",
    means: "The digest of a file of a template, taken when it was made. To verify is to read every file again and compare.",
  },
  pool: {
    term: "pool",
    also: "wait ready",
    means: "Machines of a template that are made already and stand still, so that one is there at once. They go when memory is short.",
  },
  follow: {
    term: "to follow",
    means:
      "A machine that follows its template begins at each start with its newest generation. Only disks of its own stay, such as its home disk.",
  },
  disposable: {
    term: "disposable",
    means: "A machine for once: what it writes is encrypted with a key that exists only in memory, and it vanishes when it stops.",
  },
  serial: {
    term: "serial console",
    also: "text terminal",
    means: "A plain text line into the machine, as computers had before screens. It works even when the picture does not.",
  },
  agent: {
    term: "guest agent",
    also: "helper program",
    means: "A small program inside the guest that answers Mimic: that the system is ready, what it is called, how to run a command.",
  },
  grade: {
    term: "isolation grade",
    also: "how strong the wall is",
    means: "How well this machine is kept apart from your computer, from A (strong) to D (weak), worked out from facts. The list says why.",
  },
  tcg: {
    term: "TCG",
    also: "emulation",
    means: "The machine’s processor is imitated by software. It works everywhere, slower than with the help of the real processor.",
  },
  kvm: {
    term: "KVM",
    also: "hardware virtualization",
    means: "The real processor runs the machine directly, nearly at full speed, and keeps it apart.",
  },
  accelerator: {
    term: "accelerator",
    means: "What runs the machine’s processor: KVM (the real processor helps) or TCG (imitated by software).",
  },
  firmware: {
    term: "firmware",
    means: "The first program a computer runs when it is switched on. BIOS is the old kind, UEFI the new one.",
  },
  kill: {
    term: "kill",
    also: "pull the plug",
    means: "Ends the machine at once without asking its system. What was not written to its disk yet is lost.",
  },
  stop: {
    term: "stop",
    also: "shut down",
    means: "Presses the machine’s power button: its own system closes everything and switches off.",
  },
  reset: {
    term: "reset",
    also: "reset button",
    means: "Starts the machine’s system again at once without shutting it down. What was not written yet is lost.",
  },
  pause: {
    term: "pause",
    means: "The machine stands still and keeps its memory. Let it go on and it does not notice, apart from the clock.",
  },
  clone: {
    term: "clone",
    also: "copy",
    means: "A second machine like this one. Linked copies share what did not change and take little room; full copies share nothing.",
  },
  usable: {
    term: "usable",
    also: "ready",
    means: "The machine’s system has finished starting and can be worked with. Mimic says by which sign it knows.",
  },
  qemu: {
    term: "QEMU",
    also: "the engine",
    means: "The program that does the work of being a computer. Mimic looks after one QEMU for each running machine.",
  },
  job: { term: "job", means: "Work that takes a while: it says how far it is, can be cancelled, and ends with a result or a reason." },
  digest: {
    term: "digest",
    also: "fingerprint",
    means: "A number worked out from every byte of a file (SHA-256). The same digest means the same bytes.",
  },
  drive: { term: "drive", means: "A CD or floppy drive. What is in it can be changed while the machine runs." },
  bus: { term: "bus", means: "How a disk is plugged in. virtio is the fastest; old systems know only IDE or SATA." },
  trash: { term: "trash", means: "Removed machines wait here with everything they had, and can come back until they are forgotten." },
  view: { term: "view only", means: "You see the screen; your keys and your mouse do not reach the machine." },
  cpu: {
    term: "core",
    also: "processor",
    means: "One processor of the machine. More cores do more at the same time, as far as this computer has them.",
  },
  network: {
    term: "network",
    means: "A switch made of software that machines are plugged into, with a gateway where there is one.",
  },
  nic: {
    term: "NIC",
    also: "network card",
    means: "The machine’s network card. Its cable leads to a port of a switch, or hangs loose.",
  },
  switch: {
    term: "switch",
    means: "What carries frames from port to port. It learns who is where, and keeps VLANs apart.",
  },
  port: { term: "port", means: "Where a cable ends at a switch. (A TCP port is something else: a number for one program.)" },
  vlan: {
    term: "VLAN",
    also: "private room",
    means: "A network within the network, by its number from 1 to 4094. Machines in different VLANs do not hear each other.",
  },
  trunk: { term: "trunk", means: "A port that carries several VLANs; each frame has a tag with its VLAN’s number." },
  gateway: {
    term: "gateway",
    also: "router",
    means: "The way out of a network. It also gives machines their addresses (DHCP) and answers for names (DNS).",
  },
  quality: {
    term: "link quality",
    means: "How good or bad a link is on purpose: late, unsteady, losing frames, or slow. For learning and for testing.",
  },
  guard: {
    term: "guard",
    means: "What a port does not let its machine do: speak as somebody else, give out addresses, hop into another VLAN.",
  },
  forward: {
    term: "forward",
    also: "open door",
    means:
      "A port of this computer that leads to a port of a machine. Only programs of this computer may use it, unless you say otherwise.",
  },
  lease: { term: "lease", means: "An address that the gateway gave to a network card for a while." },
  capture: {
    term: "capture",
    also: "recording",
    means: "A record of the frames that passed, which other programs such as Wireshark can read (pcap-ng).",
  },
  frame: { term: "frame", means: "One message on the wire, as a switch sees it. What is inside of it is a packet." },
  firewallRule: { term: "rule", means: "A sentence of a gateway’s firewall. The first that fits decides; what no rule allows is dropped." },
  trace: {
    term: "trace",
    means: "What would become of a packet: every place it would pass, and what would be decided there. Nothing is sent.",
  },
  seed: {
    term: "cloud-init",
    means: "How ready-made systems learn their name, user and key at their first start: from a tiny disk that Mimic adds.",
  },
} as const satisfies Record<string, Entry>;

export type Word = keyof typeof GLOSSARY;
