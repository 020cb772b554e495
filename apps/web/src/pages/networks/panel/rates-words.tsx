// The live rates of one port, in words and figures.
import { formatSize } from "@mimic/base";
import { bitsInWords, type PortCounters } from "@mimic/model";
import { dropsIn } from "../rates.ts";
import { useRate } from "../traffic.ts";

export function Rates({ id, counters }: { id: string; counters: Omit<PortCounters, "port"> | undefined }) {
  const rate = useRate(id);
  return (
    <table className="rates numbers">
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">Direction</span>
          </th>
          <th scope="col" className="number">
            Now
          </th>
          <th scope="col" className="number">
            Frames/s
          </th>
          <th scope="col" className="number">
            In all
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">To it</th>
          <td className="number">{bitsInWords(rate.downBits)}</td>
          <td className="number">{Math.round(rate.downFrames)}</td>
          <td className="number">{counters ? formatSize(counters.sent.bytes) : "—"}</td>
        </tr>
        <tr>
          <th scope="row">From it</th>
          <td className="number">{bitsInWords(rate.upBits)}</td>
          <td className="number">{Math.round(rate.upFrames)}</td>
          <td className="number">{counters ? formatSize(counters.received.bytes) : "—"}</td>
        </tr>
      </tbody>
      {counters && dropsIn(counters.drops) > 0 ? (
        <tfoot>
          <tr>
            <th scope="row">Dropped</th>
            <td className="number" colSpan={3}>
              {dropsIn(counters.drops)}
            </td>
          </tr>
        </tfoot>
      ) : null}
    </table>
  );
}
