// Live graphs of processor, memory and disk, each with its figures in words (a picture alone tells a screen reader nothing).
import { formatSize } from "@mimic/base";
import type { LoadSample, MachineView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { loadQuery } from "../../queries.ts";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";

export function Numbers({ machine }: { machine: MachineView }) {
  const on = machine.power === "running" || machine.power === "paused";
  const { data: samples, error } = useQuery({ ...loadQuery(machine.id), enabled: on });
  if (!on) return <p className="quiet">Its numbers are here while it runs.</p>;
  if (error) return <ProblemNote error={error} />;
  if (!samples || samples.length < 2) return <Waiting>Counting… the first numbers take a few seconds.</Waiting>;
  const last = samples.at(-1) as LoadSample;
  const most = (pick: (sample: LoadSample) => number) => Math.max(...samples.map(pick));
  const percent = (cores: number) => `${Math.round(cores * 100)} %`;
  const rate = (bytes: number) => `${formatSize(Math.round(bytes))}/s`;
  return (
    <div className="charts">
      <Chart
        title="Processor"
        words={`${percent(last.cpuCores)} of a core now, ${percent(most((s) => s.cpuCores))} at most`}
        samples={samples}
        lines={[{ name: "Processor", pick: (s) => s.cpuCores * 100, accent: true }]}
        format={(value) => `${Math.round(value)} %`}
        least={100}
      />
      <Chart
        title="Memory"
        words={`${formatSize(last.memoryBytes)} of this computer’s memory now; the machine has ${formatSize(machine.hardware.memoryMiB * 1024 ** 2)}`}
        samples={samples}
        lines={[{ name: "Memory", pick: (s) => s.memoryBytes, accent: true }]}
        format={(value) => formatSize(Math.round(value))}
        least={machine.hardware.memoryMiB * 1024 ** 2}
        binary
      />
      <Chart
        title="Disk"
        words={`reads ${rate(last.diskReadBytesPerSecond)}, writes ${rate(last.diskWriteBytesPerSecond)} now`}
        samples={samples}
        lines={[
          { name: "Reads", pick: (s) => s.diskReadBytesPerSecond, accent: true },
          { name: "Writes (dashed)", pick: (s) => s.diskWriteBytesPerSecond, accent: false },
        ]}
        format={(value) => rate(value)}
        least={1024 ** 2}
        binary
      />
    </div>
  );
}

interface Line {
  readonly name: string;
  readonly pick: (sample: LoadSample) => number;
  readonly accent: boolean;
}
interface ChartProps {
  readonly title: string;
  readonly words: string;
  readonly samples: readonly LoadSample[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** The top of the scale is never lower than this. */
  readonly least: number;
  /** The scale counts bytes. */
  readonly binary?: boolean;
}

const HEIGHT = 170;
/** Steps of a scale of bytes: powers of two, so that its labels are round. */
const BINARY_STEPS = Array.from({ length: 42 }, (_, power) => 2 ** power);
/** “17:28”, or “17:28:40” where the marks are nearer than a minute. */
const clockTimes = (marks: readonly number[]): string[] => {
  const near = (marks[1] ?? 0) - (marks[0] ?? 0) < 60;
  const how: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(near ? { second: "2-digit" } : {}) };
  return marks.map((mark) => new Date(mark * 1000).toLocaleTimeString([], how));
};

function options(style: CSSStyleDeclaration, width: number, props: ChartProps): uPlot.Options {
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width,
    height: HEIGHT,
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(props.least, max * 1.1)] } },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, ticks) => clockTimes(ticks) },
      {
        ...axis,
        size: 84,
        space: 36,
        ...(props.binary ? { incrs: BINARY_STEPS } : {}),
        values: (_, ticks) => ticks.map((tick) => props.format(tick)),
      },
    ],
    series: [
      {},
      ...props.lines.map((line): uPlot.Series => {
        const stroke = colour(line.accent ? "--accent" : "--second");
        return {
          label: line.name,
          stroke,
          width: 2,
          points: { show: false },
          ...(line.accent ? { fill: colour("--accent-soft") } : { dash: [5, 4] }),
        };
      }),
    ],
  };
}

function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme();
  const data: uPlot.AlignedData = [
    props.samples.map((sample) => Date.parse(sample.at) / 1000),
    ...props.lines.map((line) => props.samples.map(line.pick)),
  ];
  const newest = useRef({ props, data });
  newest.current = { props, data };
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read again when the scheme changes
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(
      options(getComputedStyle(element), Math.max(240, element.clientWidth), newest.current.props),
      newest.current.data,
      element,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: Math.max(240, element.clientWidth), height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [scheme]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when there is a new sample, not at each render
  useEffect(() => plot.current?.setData(newest.current.data), [props.samples]);
  return (
    <figure className="chart panel">
      <figcaption>
        <h2>{props.title}</h2>
        <p className="quiet numbers">{props.words}</p>
      </figcaption>
      <div ref={place} aria-hidden="true" className="chart-place" />
      {props.lines.length > 1 ? (
        <p className="quiet chart-legend">
          {props.lines.map((line) => (
            <span key={line.name} data-accent={line.accent || undefined}>
              {line.name}
            </span>
          ))}
        </p>
      ) : null}
    </figure>
  );
}
