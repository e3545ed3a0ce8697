import type { Engine, ExecutionSummary } from "@durablec/runtime";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatTop, type Frame, type Told } from "../format/top.ts";
import { formatBrief, toJson } from "../format/value.ts";
import type { Io, Screen } from "../io.ts";
import { storeOptions, withClient, type StoreArgs } from "../runtime.ts";

interface TopArgs extends SharedArgs, StoreArgs {
  /** Seconds. */
  readonly interval: number;
  readonly once: boolean;
}

/** How many executions of each list are shown. */
const LIST_MAX = 8;
const REASON_LENGTH = 100;
/** Counting a large store takes long: at most so much of the time is spent on it. */
const SHARE_MAX = 0.1;

/** `durablec top`: what a store's executions are doing, as it changes. */
export function addTop(cli: Cli, face: Face): Cli {
  return cli.command(
    "top",
    "Watch a store: counts, rates, what is parked, what failed",
    (one) =>
      one
        .option("interval", { type: "number", default: 2, describe: "Seconds between two looks" })
        .option("once", {
          type: "boolean",
          default: false,
          describe: "Look once [where output is no terminal, and with --json]",
        })
        .options(storeOptions),
    (args) => face.run(args, () => top(args, face.io)),
  );
}

async function top(args: TopArgs, io: Io): Promise<ExitCode> {
  if (!(args.interval >= 0.1 && args.interval <= 3_600))
    throw new Trouble(`--interval must be 0.1 to 3600 seconds, not ${args.interval}.`, "2 is the default.");
  await withClient(args, io, async (engine) => {
    if (args.json) return io.out(toJson(await look(engine)));
    if (args.once || io.screen === undefined) return io.out(formatTop(await look(engine), null).join("\n"));
    await watch(engine, args.interval * 1_000, { screen: io.screen, stopped: io.stopped });
  });
  return EXIT.ok;
}

async function look(engine: Engine): Promise<Frame> {
  const began = performance.now();
  const functions = await engine.counts();
  const countedMs = performance.now() - began;
  const failed = await engine.list({ status: "FAILED", limit: LIST_MAX });
  const parked = await engine.list({ parked: true, limit: LIST_MAX });
  return {
    store: engine.storeName,
    at: Date.now(),
    countedMs,
    functions,
    failed: await Promise.all(failed.map(async (one) => toTold(one, await readReason(engine, one.id)))),
    parked: parked.map((view) => toTold(view, view.problem ?? "")),
  };
}

async function readReason(engine: Engine, id: string): Promise<string> {
  return formatBrief((await engine.get(id))?.error, REASON_LENGTH);
}

function toTold({ id, function: name, createdAt }: ExecutionSummary, reason: string): Told {
  return { id, function: name, createdAt, reason };
}

const ALTERNATE = "\u001b[?1049h\u001b[?25l";
const BACK = "\u001b[?25h\u001b[?1049l";
/** To the corner, and each line to its end: the picture is replaced without a blank one between. */
const HOME = "\u001b[H";
const LINE_END = "\u001b[K\r\n";
const CLEAR_BELOW = "\u001b[J";

async function watch(
  engine: Engine,
  intervalMs: number,
  { screen, stopped }: { readonly screen: Screen; readonly stopped: AbortSignal },
): Promise<void> {
  screen.write(ALTERNATE);
  try {
    for (let before: Frame | null = null; !stopped.aborted;) {
      const frame = await look(engine);
      const { columns, rows } = screen.size();
      const lines = [...formatTop(frame, before), "", "Ctrl-C ends it"].map((text) => text.slice(0, columns));
      screen.write(HOME + lines.slice(0, rows - 1).join(LINE_END) + CLEAR_BELOW);
      before = frame;
      await pause(Math.max(intervalMs, frame.countedMs / SHARE_MAX), stopped);
    }
  } finally {
    screen.write(BACK);
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      stopped.removeEventListener("abort", end);
      resolve();
    }
    stopped.addEventListener("abort", end);
  });
}
