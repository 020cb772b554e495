// Mantine in Mimic's clothes: one accent (a deep lagoon green-blue), system fonts, calm corners.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const lagoon: MantineColorsTuple = [
  "#e8f6f5",
  "#d0ebea",
  "#a2d6d5",
  "#71c0bf",
  "#4aaeae",
  "#2b9c9d",
  "#148f90",
  "#0b7d80",
  "#076d70",
  "#045a5d",
];

/** The greys of the dark scheme, with a breath of the accent. */
const dark: MantineColorsTuple = [
  "#e6edec",
  "#c3cfce",
  "#9fb0ae",
  "#75878a",
  "#3a4849",
  "#2c3839",
  "#1d2728",
  "#182021",
  "#121819",
  "#0b1011",
];

export const theme = createTheme({
  colors: { lagoon, dark },
  primaryColor: "lagoon",
  primaryShade: { light: 8, dark: 7 },
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Tooltip: {
      defaultProps: { events: { hover: true, focus: true, touch: true }, multiline: true, maw: 320, withArrow: true, openDelay: 150 },
    },
    // Over the page, and not within what they are opened from: a table that scrolls would cut them off. Within its
    // main part still, so that a screen reader finds them in a landmark.
    Menu: {
      defaultProps: {
        shadow: "md",
        position: "bottom-end",
        withinPortal: true,
        portalProps: { target: "#content" },
        withInitialFocusPlaceholder: false,
      },
    },
    Button: { defaultProps: { variant: "default" } },
  },
});
