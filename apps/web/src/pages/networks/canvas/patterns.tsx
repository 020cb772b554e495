// The eight looks of VLANs: a colour and a pattern each. Look 0 (VLAN 1) is plain.
import { lookOf } from "../topology/lanes.ts";

const DRAWN: readonly React.ReactNode[] = [
  null,
  <path key="p" d="M-2 2 2 -2M0 12 12 0M10 14 14 10" />,
  <path key="p" d="M3 3h.01M9 9h.01" strokeWidth={3.2} strokeLinecap="round" />,
  <path key="p" d="M0 3h12M0 9h12" />,
  <path key="p" d="M6 1.500v9M1.500 6h9" />,
  <path key="p" d="M3 0v12M9 0v12" />,
  <path key="p" d="M0 8l3-4 3 4 3-4 3 4" />,
  <path key="p" d="M0 0 12 12M12 0 0 12" />,
];

/** Once in the page: everything else refers to them by name. */
export function Patterns() {
  return (
    <svg className="patterns" aria-hidden="true" focusable="false" width="0" height="0">
      <defs>
        {DRAWN.map((drawn, look) => (
          <pattern
            // biome-ignore lint/suspicious/noArrayIndexKey: the looks are these eight
            key={look}
            id={`vlan-look-${look}`}
            width="12"
            height="12"
            patternUnits="userSpaceOnUse"
            className="vlan-pattern"
            data-look={look}
          >
            <rect width="12" height="12" className="vlan-ground" />
            {drawn}
          </pattern>
        ))}
      </defs>
    </svg>
  );
}

/** A small piece of a VLAN's pattern, to stand beside its words. */
export function Swatch({ vlan }: { vlan: number | undefined }) {
  const look = vlan === undefined ? undefined : lookOf(vlan);
  return (
    <svg className="swatch" width="22" height="14" viewBox="0 0 22 14" aria-hidden="true" focusable="false" data-look={look}>
      {look === undefined ? (
        <path className="swatch-trunk" d="M1 3.500h20M1 7h20M1 10.500h20" />
      ) : (
        <rect x="1" y="1" width="20" height="12" rx="3" fill={`url(#vlan-look-${look})`} className="swatch-edge" />
      )}
    </svg>
  );
}
