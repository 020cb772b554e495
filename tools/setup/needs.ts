// What Mimic needs of the computer itself, as data: how one sees that it is there, and what it is called by each
// package manager. A name that is missing for a manager means that this system has no such package.
export type Manager = "apt" | "dnf" | "pacman" | "zypper" | "apk" | "brew";
export type Purpose = "machines" | "tests";

export interface Need {
  readonly what: string;
  readonly why: string;
  readonly for: Purpose;
  /** Without it the purpose cannot be served at all; otherwise it is asked for too, but nothing stops without it. */
  readonly isVital: boolean;
  /** Any one of these programs on PATH, or any one of these files, is proof. */
  readonly programs?: readonly string[];
  readonly files?: readonly string[];
  readonly packages: Readonly<Partial<Record<Manager, string>>>;
}

export const needs: readonly Need[] = [
  {
    what: "QEMU for PCs",
    why: "runs the machines",
    for: "machines",
    isVital: true,
    programs: ["qemu-system-x86_64"],
    packages: {
      apt: "qemu-system-x86",
      dnf: "qemu-system-x86-core",
      pacman: "qemu-base",
      zypper: "qemu-x86",
      apk: "qemu-system-x86_64",
      brew: "qemu",
    },
  },
  {
    what: "qemu-img",
    why: "makes and reads disk images",
    for: "machines",
    isVital: true,
    programs: ["qemu-img"],
    packages: { apt: "qemu-utils", dnf: "qemu-img", pacman: "qemu-img", zypper: "qemu-img", apk: "qemu-img", brew: "qemu" },
  },
  {
    what: "PC firmware (SeaBIOS)",
    why: "starts machines the old way, with a BIOS",
    for: "machines",
    isVital: true,
    files: [
      "/usr/share/seabios/bios-256k.bin",
      "/usr/share/qemu/bios-256k.bin",
      "/opt/homebrew/share/qemu/bios-256k.bin",
      "/usr/local/share/qemu/bios-256k.bin",
    ],
    packages: { apt: "seabios", dnf: "seabios-bin", pacman: "seabios", zypper: "qemu-seabios", apk: "qemu-system-x86_64", brew: "qemu" },
  },
  {
    what: "UEFI firmware (OVMF)",
    why: "starts machines the new way, with UEFI",
    for: "machines",
    isVital: false,
    files: [
      "/usr/share/OVMF/OVMF_CODE_4M.fd",
      "/usr/share/OVMF/OVMF_CODE.fd",
      "/usr/share/edk2/ovmf/OVMF_CODE.fd",
      "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
      "/usr/share/qemu/ovmf-x86_64-code.bin",
      "/opt/homebrew/share/qemu/edk2-x86_64-code.fd",
      "/usr/local/share/qemu/edk2-x86_64-code.fd",
    ],
    packages: { apt: "ovmf", dnf: "edk2-ovmf", pacman: "edk2-ovmf", zypper: "qemu-ovmf-x86_64", apk: "ovmf", brew: "qemu" },
  },
  {
    what: "bubblewrap",
    why: "locks each machine in, away from your files and your network",
    for: "machines",
    isVital: false,
    programs: ["bwrap"],
    packages: { apt: "bubblewrap", dnf: "bubblewrap", pacman: "bubblewrap", zypper: "bubblewrap", apk: "bubblewrap" },
  },
  {
    what: "swtpm",
    why: "gives machines a TPM, which some systems ask for",
    for: "machines",
    isVital: false,
    programs: ["swtpm"],
    packages: { apt: "swtpm", dnf: "swtpm", pacman: "swtpm", zypper: "swtpm", apk: "swtpm", brew: "swtpm" },
  },
  ...(
    [
      ["ARM", "arm", ["qemu-system-aarch64", "qemu-system-arm"], "qemu-system-arm"],
      ["RISC-V, IBM Z, LoongArch and 68000", "riscv64", ["qemu-system-riscv64"], "qemu-system-misc"],
      ["PowerPC", "ppc", ["qemu-system-ppc"], "qemu-system-ppc"],
      ["MIPS", "mips", ["qemu-system-mips"], "qemu-system-mips"],
      ["SPARC", "sparc", ["qemu-system-sparc"], "qemu-system-sparc"],
    ] as const
  ).map(
    ([what, short, programs, apt]): Need => ({
      what: `QEMU for ${what}`,
      why: "runs machines with other processors",
      for: "tests",
      isVital: false,
      programs,
      packages: {
        apt,
        dnf: `${programs[0]}-core`,
        pacman: `qemu-system-${short}`,
        zypper: `qemu-${short}`,
        apk: programs[0],
        brew: "qemu",
      },
    }),
  ),
  {
    what: "OpenSBI",
    why: "the first program of a RISC-V machine",
    for: "tests",
    isVital: false,
    files: ["/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin", "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"],
    packages: { apt: "opensbi", pacman: "opensbi", apk: "opensbi" },
  },
  {
    what: "UEFI firmware for 64-bit ARM",
    why: "starts ARM machines from a disk or CD",
    for: "tests",
    isVital: false,
    files: ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/edk2/aarch64/QEMU_EFI.fd"],
    packages: { apt: "qemu-efi-aarch64", dnf: "edk2-aarch64", pacman: "edk2-aarch64", zypper: "qemu-uefi-aarch64" },
  },
  {
    what: "QEMU for single foreign programs",
    why: "runs a program for another processor without a machine",
    for: "tests",
    isVital: false,
    programs: ["qemu-aarch64-static", "qemu-aarch64"],
    packages: {
      apt: "qemu-user-static",
      dnf: "qemu-user-static",
      pacman: "qemu-user-static",
      zypper: "qemu-linux-user",
      apk: "qemu-aarch64",
    },
  },
  {
    what: "Chromium",
    why: "the browser that the tests drive",
    for: "tests",
    isVital: true,
    programs: ["chromium", "chromium-browser", "google-chrome"],
    packages: { apt: "chromium", dnf: "chromium", pacman: "chromium", zypper: "chromium", apk: "chromium", brew: "chromium" },
  },
  {
    what: "a font for Chromium",
    why: "letters on the pages that the tests look at",
    for: "tests",
    isVital: false,
    files: ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts"],
    packages: { apt: "fonts-dejavu-core", dnf: "dejavu-sans-fonts", pacman: "ttf-dejavu", zypper: "dejavu-fonts", apk: "font-dejavu" },
  },
  ...["zsh", "fish"].map(
    (shell): Need => ({
      what: shell,
      why: "reads the completion script that is made for it",
      for: "tests",
      isVital: false,
      programs: [shell],
      packages: { apt: shell, dnf: shell, pacman: shell, zypper: shell, apk: shell, brew: shell },
    }),
  ),
  ...netTool("cc", "compiles the adaptor that plugs Linux network namespaces into a switch under test", {
    apt: "gcc",
    dnf: "gcc",
    pacman: "gcc",
    zypper: "gcc",
    apk: "gcc",
  }),
  {
    what: "the C library's headers",
    why: "are needed to compile that adaptor",
    for: "tests",
    isVital: false,
    files: ["/usr/include/stdio.h"],
    packages: { apt: "libc6-dev", dnf: "glibc-devel", pacman: "glibc", zypper: "glibc-devel", apk: "musl-dev" },
  },
  ...netTool("ip", "makes the networks of namespace guests", {
    apt: "iproute2",
    dnf: "iproute",
    pacman: "iproute2",
    zypper: "iproute2",
    apk: "iproute2",
  }),
  ...netTool("nsenter", "runs programs in namespace guests", {
    apt: "util-linux",
    dnf: "util-linux",
    pacman: "util-linux",
    zypper: "util-linux",
    apk: "util-linux",
  }),
  ...netTool("ping", "asks the gateway for echoes", {
    apt: "iputils-ping",
    dnf: "iputils",
    pacman: "iputils",
    zypper: "iputils",
    apk: "iputils",
  }),
  ...netTool("curl", "fetches through the gateway", { apt: "curl", dnf: "curl", pacman: "curl", zypper: "curl", apk: "curl" }),
  ...netTool("iperf3", "sends as much as it can through the gateway", {
    apt: "iperf3",
    dnf: "iperf3",
    pacman: "iperf3",
    zypper: "iperf",
    apk: "iperf3",
  }),
  ...netTool("ssh", "logs in to guests as people do", {
    apt: "openssh-client",
    dnf: "openssh-clients",
    pacman: "openssh",
    zypper: "openssh-clients",
    apk: "openssh-client",
  }),
  ...netTool("nc", "opens plain connections", {
    apt: "netcat-openbsd",
    dnf: "netcat",
    pacman: "openbsd-netcat",
    zypper: "netcat-openbsd",
    apk: "netcat-openbsd",
  }),
  ...netTool("traceroute", "asks for the routers on the way", {
    apt: "traceroute",
    dnf: "traceroute",
    pacman: "traceroute",
    zypper: "traceroute",
    apk: "traceroute",
  }),
  ...netTool("nmap", "looks for open ports in every way it knows", {
    apt: "nmap",
    dnf: "nmap",
    pacman: "nmap",
    zypper: "nmap",
    apk: "nmap",
  }),
  ...netTool("udhcpc", "asks for an address as small systems do", { apt: "udhcpc", apk: "busybox" }),
  ...netTool("dhclient", "asks for an address as large systems did for long", {
    apt: "isc-dhcp-client",
    dnf: "dhcp-client",
    pacman: "dhclient",
    zypper: "dhcp-client",
    apk: "dhclient",
  }),
  ...netTool("perfdhcp", "asks for very many addresses", { apt: "kea-admin", dnf: "kea", pacman: "kea", zypper: "kea", apk: "kea-admin" }),
  ...netTool("dig", "asks for names in every way there is", {
    apt: "bind9-dnsutils",
    dnf: "bind-utils",
    pacman: "bind",
    zypper: "bind-utils",
    apk: "bind-tools",
  }),
  ...netTool("rdisc6", "asks for IPv6 routers", { apt: "ndisc6", dnf: "ndisc6", pacman: "ndisc6", zypper: "ndisc6", apk: "ndisc6" }),
  ...netTool("dnsmasq", "gives addresses and names too: what Mimic's gateway is measured against", {
    apt: "dnsmasq-base",
    dnf: "dnsmasq",
    pacman: "dnsmasq",
    zypper: "dnsmasq",
    apk: "dnsmasq",
  }),
  ...netTool("vde_switch", "carries frames too: what Mimic's switch is measured against", {
    apt: "vde-switch",
    dnf: "vde2",
    pacman: "vde2",
    zypper: "vde2",
    apk: "vde2",
    brew: "vde",
  }),
  ...netTool("tshark", "reads the captures that Mimic writes, and says what it sees in them", {
    apt: "tshark",
    dnf: "wireshark-cli",
    pacman: "wireshark-cli",
    zypper: "wireshark",
    apk: "tshark",
    brew: "wireshark",
  }),
  ...netTool("tcpdump", "filters the same frames as Mimic's filters do", {
    apt: "tcpdump",
    dnf: "tcpdump",
    pacman: "tcpdump",
    zypper: "tcpdump",
    apk: "tcpdump",
  }),
  {
    what: "scapy",
    why: "makes frames of all kinds, broken ones too",
    for: "tests",
    isVital: false,
    programs: ["scapy3", "scapy"],
    packages: { apt: "python3-scapy", dnf: "python3-scapy", pacman: "scapy", zypper: "python3-scapy", apk: "scapy" },
  },
  {
    what: "tools for ext2, ext3 and ext4",
    why: "make the file systems that Mimic's own reader is tested with",
    for: "tests",
    isVital: false,
    programs: ["mke2fs"],
    packages: { apt: "e2fsprogs", dnf: "e2fsprogs", pacman: "e2fsprogs", zypper: "e2fsprogs", apk: "e2fsprogs", brew: "e2fsprogs" },
  },
  {
    what: "the maker of FAT",
    why: "makes the file systems that Mimic's own reader is tested with",
    for: "tests",
    isVital: false,
    programs: ["mkfs.vfat"],
    packages: { apt: "dosfstools", dnf: "dosfstools", pacman: "dosfstools", zypper: "dosfstools", apk: "dosfstools", brew: "dosfstools" },
  },
  {
    what: "mtools",
    why: "writes files to FAT as others do",
    for: "tests",
    isVital: false,
    programs: ["mcopy"],
    packages: { apt: "mtools", dnf: "mtools", pacman: "mtools", zypper: "mtools", apk: "mtools", brew: "mtools" },
  },
];

function netTool(program: string, why: string, packages: Need["packages"]): Need[] {
  return [{ what: program, why, for: "tests", isVital: false, programs: [program], packages }];
}

interface ManagerFacts {
  /** Its program, which tells that the host has it. */
  readonly program: string;
  readonly refresh?: readonly string[];
  readonly install: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly needsRoot: boolean;
}

/** In the order in which they are looked for: a Debian may have brew too. */
export const managers: Readonly<Record<Manager, ManagerFacts>> = {
  apt: {
    program: "apt-get",
    refresh: ["-o", "DPkg::Lock::Timeout=300", "-q", "update"],
    install: ["-o", "DPkg::Lock::Timeout=300", "-q", "install", "-y", "--no-install-recommends"],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    needsRoot: true,
  },
  dnf: { program: "dnf", install: ["install", "-y", "--setopt=install_weak_deps=False"], needsRoot: true },
  pacman: { program: "pacman", refresh: ["-Sy", "--noconfirm"], install: ["-S", "--noconfirm", "--needed"], needsRoot: true },
  zypper: { program: "zypper", install: ["--non-interactive", "install", "--no-recommends"], needsRoot: true },
  apk: { program: "apk", refresh: ["update"], install: ["add"], needsRoot: true },
  brew: { program: "brew", install: ["install"], needsRoot: false },
};
