// Pictures that stand for systems. Mimic's own drawings, by what a system is like: nobody's logo.
type Shape = { readonly hue: number; readonly draw: React.ReactNode };

const line = { fill: "none", stroke: "currentColor", strokeWidth: 2.4, strokeLinecap: "round", strokeLinejoin: "round" } as const;

const SHAPES: Readonly<Record<string, Shape>> = {
  seedling: { hue: 150, draw: <path {...line} d="M24 38V22M24 26c-8 0-11-5-11-11 7 0 11 4 11 11zM24 22c0-6 4-9 10-9 0 6-4 9-10 9z" /> },
  discs: {
    hue: 345,
    draw: (
      <path
        {...line}
        d="M10 17c0-3 6-5 14-5s14 2 14 5-6 5-14 5-14-2-14-5zM10 17v7c0 3 6 5 14 5s14-2 14-5v-7M10 24v7c0 3 6 5 14 5s14-2 14-5v-7"
      />
    ),
  },
  together: {
    hue: 20,
    draw: (
      <path
        {...line}
        d="M17 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM31 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM9 34c0-6 3-10 8-10s7 3 7 6c0-3 2-6 7-6s8 4 8 10"
      />
    ),
  },
  kite: { hue: 215, draw: <path {...line} d="M27 9l9 11-13 11-7-14zM16 17l20 3M27 9l-4 22M23 31c-3 2-1 5-4 7" /> },
  peaks: { hue: 200, draw: <path {...line} d="M7 35l12-19 7 11 4-6 11 14zM15 23l4 3 3-4" /> },
  floppy: { hue: 45, draw: <path {...line} d="M11 11h21l5 5v21H11zM17 11v8h12v-8M17 37V26h14v11" /> },
  memory: { hue: 280, draw: <path {...line} d="M8 17h32v14H8zM13 31v5M19 31v5M29 31v5M35 31v5M14 21h5v6h-5zM29 21h5v6h-5z" /> },
  cable: { hue: 185, draw: <path {...line} d="M18 10h12v10H18zM21 10V7M27 10V7M24 20v7M10 38v-5h28v5M24 27v6" /> },
  disc: {
    hue: 330,
    draw: <path {...line} d="M24 39a15 15 0 1 0 0-30 15 15 0 0 0 0 30zM24 28a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM24 14a10 10 0 0 1 8 4" />,
  },
  prompt: { hue: 175, draw: <path {...line} d="M9 12h30v24H9zM15 20l5 4-5 4M24 29h8" /> },
  waves: { hue: 0, draw: <path {...line} d="M8 17c5-5 10 5 16 0s11 5 16 0M8 25c5-5 10 5 16 0s11 5 16 0M8 33c5-5 10 5 16 0s11 5 16 0" /> },
  panes: { hue: 225, draw: <path {...line} d="M10 12h28v24H10zM10 18h28M15 23h7v8h-7zM27 23h6M27 28h6" /> },
  wrench: { hue: 260, draw: <path {...line} d="M31 10a8 8 0 0 0-9 11L11 32l5 5 11-11a8 8 0 0 0 11-9l-5 5-6-6z" /> },
  file: { hue: 210, draw: <path {...line} d="M14 9h13l8 8v22H14zM27 9v8h8M24 34V23M19.500 27.500 24 23l4.500 4.500" /> },
  empty: { hue: 210, draw: <path {...line} strokeDasharray="4 5" d="M11 13h26v19H11zM19 38h10" /> },
};

/** Which drawing stands for which recipe's `picture`. */
const NAMED: Readonly<Record<string, string>> = {
  "tiny-linux": "seedling",
  tiny: "seedling",
  debian: "discs",
  ubuntu: "together",
  fedora: "kite",
  alpine: "peaks",
  freedos: "floppy",
  dos: "floppy",
  memtest: "memory",
  memtest86: "memory",
  "memtest86-plus": "memory",
  ipxe: "cable",
  installer: "disc",
  "debian-installer": "disc",
  windows: "panes",
  bsd: "waves",
  tool: "wrench",
  chip: "memory",
  network: "cable",
  tux: "seedling",
  disk: "discs",
  linux: "prompt",
  other: "empty",
};

export function shapeFor(picture: string, family = "other"): string {
  if (Object.hasOwn(SHAPES, picture)) return picture;
  const known = Object.hasOwn(NAMED, picture) ? NAMED[picture] : undefined;
  if (known) return known;
  const near = Object.keys(NAMED).find((name) => name.length > 2 && picture.startsWith(name));
  return (near && NAMED[near]) || (Object.hasOwn(NAMED, family) && NAMED[family]) || "prompt";
}

export function Picture({ picture, family, size = 48 }: { picture: string; family?: string | undefined; size?: number }) {
  const shape = SHAPES[shapeFor(picture, family)] as Shape;
  return (
    <svg
      className="picture"
      style={{ "--hue": shape.hue } as React.CSSProperties}
      width={size}
      height={size}
      viewBox="0 0 48 48"
      aria-hidden="true"
      focusable="false"
    >
      <rect className="picture-ground" width="48" height="48" rx="11" />
      {shape.draw}
    </svg>
  );
}
