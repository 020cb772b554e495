// A machine's own screen, live, on its card: asked for only while the card is in view and the page is looked at,
// two at a time, the next one some seconds after the last has come.
import { rawRoutes } from "@mimic/api/routes";
import { useEffect, useRef, useState } from "react";
import { apiBlob } from "../api.ts";

const EVERY_MS = 4_000;
/** A card that only flies past while scrolling asks for nothing. */
const STEADY_MS = 250;
const AT_ONCE = 2;
let under = 0;
const waiting: (() => void)[] = [];

/** A picture that is there already is renewed in no haste: at most some seven a second are, however many are in view. */
const RENEWAL_MS = 300;

async function inTurn<T>(work: () => Promise<T>, isRenewal: boolean): Promise<T> {
  if (under >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  under++;
  const next = () => {
    under--;
    waiting.shift()?.();
  };
  try {
    return await work();
  } finally {
    if (isRenewal) setTimeout(next, RENEWAL_MS);
    else next();
  }
}

let held = false;
/** While something is dragged over many pictures, none is renewed: each would be painted anew. */
export function holdPictures(yes: boolean): void {
  held = yes;
}

/** One watcher for all cards: a thousand would each be asked at every scroll. */
const told = new WeakMap<Element, (inView: boolean) => void>();
const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) told.get(entry.target)?.(entry.isIntersecting);
  },
  { rootMargin: "80px" },
);

function useInView(): [React.RefObject<HTMLDivElement | null>, boolean] {
  const element = useRef<HTMLDivElement>(null);
  const [inView, setInView] = useState(false);
  useEffect(() => {
    const card = element.current;
    if (!card) return;
    told.set(card, setInView);
    watcher.observe(card);
    return () => watcher.unobserve(card);
  }, []);
  return [element, inView];
}

/** The address of the newest picture; undefined until the first has come. */
function usePicture(machine: string, wanted: boolean): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!wanted) return;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    let isRenewal = false;
    const again = () => {
      timer = setTimeout(() => void read(), EVERY_MS);
    };
    const read = async () => {
      if (document.hidden || held) return again();
      try {
        const blob = await inTurn(
          () =>
            ended.signal.aborted ? Promise.reject(ended.signal.reason) : apiBlob(rawRoutes.screenshot.path, { machine }, ended.signal),
          isRenewal,
        );
        isRenewal = true;
        if (!ended.signal.aborted) setAddress(URL.createObjectURL(blob));
      } catch {
        // No picture now (it is just starting, or has no screen): the card shows what it has.
      }
      if (!ended.signal.aborted) again();
    };
    timer = setTimeout(() => void read(), STEADY_MS);
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [machine, wanted]);
  useEffect(() => () => void (address && URL.revokeObjectURL(address)), [address]);
  return address;
}

export function Thumbnail({ machine, on, still, children }: { machine: string; on: boolean; still: boolean; children: React.ReactNode }) {
  const [element, inView] = useInView();
  const address = usePicture(machine, on && inView);
  return (
    <div ref={element} className="thumbnail" data-still={still || undefined}>
      {on && address ? <img src={address} alt="" draggable={false} decoding="async" /> : children}
    </div>
  );
}
