// The browser interface is built once into dist/ and served by the daemon at its own address: no other origin,
// no inline script, no data: URL for code (the page runs under a strict Content-Security-Policy).
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type UserConfig } from "vite";

const settings: UserConfig = {
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      // The model's schemas are for the daemon. Here only its rules and types are used, which lie in modules of their own:
      // the schema calls are pure, so what nobody uses stays out. Only reading a timetable brings schemas along.
      // What the first page needs comes in one piece: smaller together, and one request instead of forty.
      output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } },
      treeshake: { manualPureFunctions: ["z", "oc"], moduleSideEffects: (id: string) => !/packages\/(model|base|api)\//.test(id) },
    },
  },
  server: {
    port: 7718,
    proxy: { "/api": { target: `http://127.0.0.1:${process.env["MIMIC_PORT"] ?? "7717"}`, ws: true, changeOrigin: true } },
  },
};

export default defineConfig(({ command }) => {
  // A build is always the real one, also when a test runner that set NODE_ENV asks for it.
  if (command === "build") process.env["NODE_ENV"] = "production";
  return settings;
});
