// A name of one's own in a network's DNS.
import { NativeSelect, TextInput } from "@mantine/core";
import type { DnsRecord, NetworkView } from "@mimic/model";
import { useState } from "react";
import { setRecords } from "../gateway-changes.ts";
import { ChangeDialog } from "./form.tsx";

const EXAMPLES: Readonly<Record<DnsRecord["type"], string>> = {
  A: "10.77.0.20",
  AAAA: "fd00::20",
  CNAME: "www.example.org.",
  MX: "10 mail.example.org.",
  TXT: "any text",
  SRV: "0 5 5060 sip.example.org.",
  NS: "ns.example.org.",
  PTR: "host.example.org.",
  HTTPS: "1 . alpn=h2",
};

export function RecordDialog({ network, onClose }: { network: NetworkView; onClose: () => void }) {
  const [name, setName] = useState("");
  const [type, setType] = useState<DnsRecord["type"]>("A");
  const [value, setValue] = useState("");
  const [asked, setAsked] = useState(false);
  return (
    <ChangeDialog
      title="A name of your own"
      action="Add it"
      onClose={onClose}
      change={() => {
        setAsked(true);
        return name.trim() && value.trim()
          ? setRecords(
              network,
              [...network.dnsRecords, { name: name.trim(), type, value: value.trim(), ttlSeconds: 300 }],
              `“${name.trim()}” is known on the network now.`,
            )
          : undefined;
      }}
    >
      <p>Machines on the network that ask for this name get your answer.</p>
      <TextInput
        data-autofocus
        label="Name"
        placeholder="www.example.org"
        value={name}
        maxLength={253}
        spellCheck={false}
        error={asked && !name.trim() ? "A name, such as www.example.org." : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label="Type"
        value={type}
        onChange={(event) => setType(event.currentTarget.value as DnsRecord["type"])}
        data={Object.keys(EXAMPLES)}
      />
      <TextInput
        label="Answer"
        placeholder={EXAMPLES[type]}
        value={value}
        maxLength={1000}
        spellCheck={false}
        error={asked && !value.trim() ? `Such as ${EXAMPLES[type]}.` : undefined}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
    </ChangeDialog>
  );
}
