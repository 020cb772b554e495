// The frame around every page: where one can go, what runs now, light or dark, and whether Mimic is being heard.
import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import { IconBook2, IconDeviceDesktop, IconMenu2, IconMoon, IconSun, IconSunMoon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { isConnected, onConnectionChange } from "../follow.ts";
import { jobsQuery } from "../queries.ts";
import { Notices } from "./notices.tsx";

const PLACES = [
  { to: "/", label: "Machines" },
  { to: "/networks", label: "Networks" },
  { to: "/templates", label: "Templates" },
  { to: "/images", label: "Images" },
  { to: "/jobs", label: "Jobs" },
  { to: "/computer", label: "This computer" },
  { to: "/trash", label: "Trash" },
] as const;

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const Icon = colorScheme === "auto" ? IconSunMoon : colorScheme === "dark" ? IconMoon : IconSun;
  const choices = [
    { value: "auto", label: "As this computer", icon: <IconDeviceDesktop size={16} aria-hidden="true" /> },
    { value: "light", label: "Light", icon: <IconSun size={16} aria-hidden="true" /> },
    { value: "dark", label: "Dark", icon: <IconMoon size={16} aria-hidden="true" /> },
  ] as const;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Light or dark">
          <Icon size={20} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map(({ value, label, icon }) => (
          <Menu.Item key={value} leftSection={icon} onClick={() => setColorScheme(value)} aria-current={colorScheme === value}>
            {label}
            {colorScheme === value ? " ✓" : ""}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Places({ running }: { running: number }) {
  return (
    <ul className="places">
      {PLACES.map(({ to, label }) => (
        <li key={to}>
          <Link to={to} activeOptions={{ exact: to === "/" }}>
            {label}
            {to === "/jobs" && running > 0 ? (
              <span className="count">
                {running}
                <span className="visually-hidden"> running</span>
              </span>
            ) : null}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NarrowPlaces() {
  const navigate = useNavigate();
  return (
    <Menu width={220}>
      <Menu.Target>
        <ActionIcon className="narrow-places" variant="subtle" color="gray" size="lg" aria-label="Go to…">
          <IconMenu2 size={22} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {PLACES.map(({ to, label }) => (
          <Menu.Item key={to} onClick={() => void navigate({ to })}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function Frame() {
  const { data: jobs } = useQuery(jobsQuery);
  const connected = useSyncExternalStore(onConnectionChange, isConnected);
  const running = jobs?.filter((job) => job.state === "running").length ?? 0;
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="frame">
        <div className="frame-inside">
          <NarrowPlaces />
          <Link to="/" className="brand">
            <img src="/mimic.svg" alt="" width={26} height={26} />
            Mimic
          </Link>
          <nav aria-label="Main">
            <Places running={running} />
          </nav>
          <div className="frame-end">
            <Tooltip label="Words, explained">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label="Words, explained"
                renderRoot={(props) => <Link {...props} to="/words" />}
              >
                <IconBook2 size={20} aria-hidden="true" />
              </ActionIcon>
            </Tooltip>
            <SchemeMenu />
          </div>
        </div>
      </header>
      {connected ? null : (
        <div className="unheard" role="status">
          Mimic does not answer just now; what you see may be old. Trying again by itself. If it was stopped: <code>mimic up</code>
        </div>
      )}
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <Notices />
    </>
  );
}
