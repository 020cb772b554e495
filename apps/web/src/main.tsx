// Where the page begins: style elements are adopted before anything can make one, then the session is opened,
// then everything else.
import { adoptStyleElements } from "./style-elements.ts";
import "./styles/index.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { follow } from "./follow.ts";
import { queryClient } from "./queries.ts";
import { router } from "./router.tsx";
import { codeIn, currentSession, onSessionChange, openSession } from "./session.ts";
import { theme } from "./theme.ts";
import { Welcome } from "./welcome.tsx";

function App() {
  const session = useSyncExternalStore(onSessionChange, currentSession);
  const open = session.state === "open";
  useEffect(() => {
    if (!open) return;
    const ended = new AbortController();
    follow(ended.signal);
    return () => ended.abort();
  }, [open]);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        {open ? <RouterProvider router={router} /> : <Welcome session={session} />}
      </QueryClientProvider>
    </MantineProvider>
  );
}

adoptStyleElements(document);
window.addEventListener("hashchange", () => {
  if (codeIn(window.location.hash) !== undefined) void openSession(window.location, window.history);
});
void openSession(window.location, window.history);
const place = document.getElementById("root");
if (place)
  createRoot(place).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
