// What travels over the WebSockets. Binary messages are payload; text messages are one JSON object.
//
// From a browser the FIRST message must be the text {"csrf": "…"}: cookie and Origin alone open
// nothing. (Over the unix socket, and with “Authorization: Bearer”, it is left out.) A refusal is a text
// {"problem": Problem} and a close; the close code is 4000 and the HTTP status it would have been.
// A viewer that is too slow for serial, shell or sound gets the text {"dropped": bytes} where bytes are missing.
//
// display  binary both ways: RFB as QEMU speaks it, checked and bounded on the way.
//          `?viewOnly=1`: keys, pointer and clipboard from this viewer are dropped.
// pointer  text from the client {"dx":3,"dy":-1,"buttons":1,"wheel":0}: how far a mouse moved, what is held now (1 left, 2 right,
//          4 middle), notches downwards; each may be left out. Text {"ready":true} comes first.
// sound    binary to the viewer: signed 16-bit little-endian stereo at 44,100 Hz. Text {"sound":"begin"|"end"}.
// serial   binary both ways. On connect the history comes first, then text {"live":true}.
//          `?port=0`, `?viewOnly=1`.
// shell    as serial; text {"resize":{"columns":80,"rows":24}} from the client.
// exec     client's first own message: text ExecRequest. Then client binary = stdin,
//          text {"eof":true} = its end. Server binary: first byte 1 = stdout, 2 = stderr.
//          Text {"exit":GuestExit} or {"problem":…} ends it. Closing ends the command; with `?endsMachine=1` (exec and
//          shell) a disposable machine too, however the client went.
// tcp      binary both ways: a TCP connection to `?port=22` of the machine, through its network's gateway. Text {"eof":true}
//          ends one direction. `?nic=` when it has several.
// packets  text {"packets": LivePacket[]} as they pass, a few times a second; {"missed": n} when the viewer or the capture
//          was too slow. `?port=`, `?vlan=`, `?filter=`, `?drops=1` as for the raw capture. Text {"bytes": seq} from the
//          client answers {"bytes": {"seq": …, "base64": …, "layers": PacketLayer[]}} for one of the last 2000,
//          or {"gone": seq}.
export interface ExecRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: readonly string[];
  /** false: the command gets no input at all. */
  readonly stdin: boolean;
}

export interface ShellResize {
  readonly resize: { readonly columns: number; readonly rows: number };
}

export const SOUND_RATE = 44_100;
export const EXEC_STDOUT = 1;
export const EXEC_STDERR = 2;

/** One captured frame, decoded: a line of the packet list. Strings came from guests and are harmless text. */
export interface LivePacket {
  /** Counts from 1 within this connection. */
  readonly seq: number;
  /** Milliseconds since 1970, with fractions. */
  readonly atMs: number;
  /** The port's id (`nic_…`, `prt_…`, or “gateway”). */
  readonly port: string;
  /** in = the switch received it from the port's owner; out = it was sent to it. */
  readonly direction: "in" | "out";
  readonly length: number;
  readonly from: string;
  readonly to: string;
  /** “TCP”, “DNS”, “ARP”… */
  readonly protocol: string;
  /** The rest in a line: “43210 → 80 SYN”. */
  readonly words: string;
  /** Set when it was dropped: the reason in words. */
  readonly dropped?: string;
}

/** One protocol of a frame, for the details of a packet. */
export interface PacketLayer {
  readonly name: string;
  /** Where it is in the frame's bytes. */
  readonly from: number;
  readonly to: number;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly from: number; readonly to: number }[];
  /** What is wrong with it, in words. */
  readonly problem?: string;
}
