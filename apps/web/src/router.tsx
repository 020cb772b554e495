// Every page and its address. What the first page does not need (the console, the terminal, the graphs) comes later.
import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from "@tanstack/react-router";
import { HomePage } from "./pages/home/home.tsx";
import { readNetworksSearch } from "./pages/networks/search.ts";
import { type NewChoice, readChoice } from "./pages/new-machine/choice.ts";
import { Frame } from "./ui/frame.tsx";
import { Page } from "./ui/page.tsx";
import { ProblemNote } from "./ui/problem.tsx";

function Missing() {
  return (
    <Page title="Nothing here">
      <p>
        There is no page at this address. <Link to="/">See your machines</Link>.
      </p>
    </Page>
  );
}

const root = createRootRoute({
  component: Frame,
  notFoundComponent: Missing,
  errorComponent: ({ error }) => (
    <main className="page">
      <h1>This page stopped</h1>
      <ProblemNote error={error} />
      <p>
        <a href="/">Load it again</a>
      </p>
    </main>
  ),
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: HomePage });
const newMachine = createRoute({
  getParentRoute: () => root,
  path: "/new",
  validateSearch: (search: Record<string, unknown>): NewChoice => readChoice(search),
  component: lazyRouteComponent(() => import("./pages/new-machine/new-machine.tsx"), "NewMachinePage"),
});
const machine = createRoute({
  getParentRoute: () => root,
  path: "/machines/$machine/{-$tab}",
  component: lazyRouteComponent(() => import("./pages/machine/machine.tsx"), "MachinePage"),
});
const networks = createRoute({
  getParentRoute: () => root,
  path: "/networks",
  validateSearch: (search: Record<string, unknown>) => readNetworksSearch(search),
  component: lazyRouteComponent(() => import("./pages/networks/networks.tsx"), "NetworksPage"),
});
const network = createRoute({
  getParentRoute: () => root,
  path: "/networks/$network/{-$tab}",
  validateSearch: (search: Record<string, unknown>) => readNetworksSearch(search),
  component: lazyRouteComponent(() => import("./pages/networks/network/network.tsx"), "NetworkPage"),
});
const templates = createRoute({
  getParentRoute: () => root,
  path: "/templates",
  component: lazyRouteComponent(() => import("./pages/templates/templates.tsx"), "TemplatesPage"),
});
const images = createRoute({
  getParentRoute: () => root,
  path: "/images",
  component: lazyRouteComponent(() => import("./pages/images/images.tsx"), "ImagesPage"),
});
const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  component: lazyRouteComponent(() => import("./pages/jobs/jobs.tsx"), "JobsPage"),
});
const computer = createRoute({
  getParentRoute: () => root,
  path: "/computer",
  component: lazyRouteComponent(() => import("./pages/computer/computer.tsx"), "ComputerPage"),
});
const trash = createRoute({
  getParentRoute: () => root,
  path: "/trash",
  component: lazyRouteComponent(() => import("./pages/trash/trash.tsx"), "TrashPage"),
});
const words = createRoute({
  getParentRoute: () => root,
  path: "/words",
  component: lazyRouteComponent(() => import("./pages/words/words.tsx"), "WordsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, newMachine, machine, networks, network, templates, images, jobs, computer, trash, words]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
