// What lies under the machines: bars with their lanes, and the ground of each lane in its colour and pattern.
import { memo } from "react";
import type { Drop } from "../topology/camera.ts";
import { lookOf } from "../topology/lanes.ts";
import type { Block, Placed } from "../topology/places.ts";

const round = (value: number): number => Math.round(value * 10) / 10;

const BlockGround = memo(
  function BlockGround({ block, over }: { block: Block; over: string | undefined }) {
    const { bar } = block;
    return (
      <g>
        {block.lanes.map((lane) => {
          const look = lane.vlan === undefined ? "trunk" : lookOf(lane.vlan);
          return (
            <g key={lane.key} className="lane" data-look={look} data-over={over === lane.key || undefined}>
              <rect
                className="lane-floor"
                x={round(lane.floor.x)}
                y={round(lane.floor.y - 6)}
                width={round(lane.floor.w)}
                height={round(lane.floor.h + 6)}
                rx="10"
              />
              {look === "trunk" ? null : (
                <rect
                  className="lane-edge"
                  x={round(lane.floor.x)}
                  y={round(lane.floor.y + lane.floor.h - 7)}
                  width={round(lane.floor.w)}
                  height="7"
                  rx="3.500"
                  fill={`url(#vlan-look-${look})`}
                />
              )}
            </g>
          );
        })}
        {block.gateway ? (
          <path
            className="joint"
            d={[0.3, 0.5, 0.7]
              .map(
                (part) =>
                  `M${round((block.gateway?.x ?? 0) + (block.gateway?.w ?? 0))} ${round(bar.y + bar.h * part)}L${round(bar.x)} ${round(bar.y + bar.h * part)}`,
              )
              .join("")}
          />
        ) : null}
        <rect className="bar" x={round(bar.x)} y={round(bar.y)} width={round(bar.w)} height={bar.h} rx="12" />
        {block.lanes.map((lane) => {
          const look = lane.vlan === undefined ? undefined : lookOf(lane.vlan);
          return (
            <g key={lane.key} className="lane" data-look={look ?? "trunk"} data-over={over === lane.key || undefined}>
              <rect
                className="lane-strip"
                x={round(lane.strip.x)}
                y={round(lane.strip.y)}
                width={round(lane.strip.w)}
                height={round(lane.strip.h - 6)}
                rx="7"
                fill={look === undefined ? undefined : `url(#vlan-look-${look})`}
              />
            </g>
          );
        })}
      </g>
    );
  },
  (before, after) => before.over === after.over && sameBlock(before.block, after.block),
);

const sameBlock = (a: Block, b: Block): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

export function Ground({ placed, over, reached }: { placed: Placed; over: Drop | undefined; reached: boolean }) {
  const { host, internet } = placed;
  const middle = round(host.x + host.w / 2);
  const out =
    internet.x < host.x
      ? `M${internet.x + internet.w} ${internet.y + internet.h / 2}L${host.x} ${internet.y + internet.h / 2}`
      : `M${middle} ${internet.y + internet.h}L${middle} ${host.y}`;
  return (
    <>
      <path className="way-out" data-reached={reached || undefined} d={out} />
      {placed.tray ? (
        <rect
          className="tray"
          data-over={over?.on === "tray" || undefined}
          x={round(placed.tray.x)}
          y={round(placed.tray.y)}
          width={round(placed.tray.w)}
          height={round(placed.tray.h)}
          rx="14"
        />
      ) : null}
      {placed.blocks.map((block) => (
        <BlockGround key={block.id} block={block} over={over?.on === "lane" && over.network === block.id ? over.lane : undefined} />
      ))}
    </>
  );
}
