import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Engine } from "@durablec/runtime";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face, SharedArgs } from "../face.ts";
import { formatStack } from "../format/stack.ts";
import { formatValue, toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { importFunction } from "../modules.ts";
import { parseJson } from "../parseJson.ts";
import { readKeys } from "../keys.ts";
import { findRuntime, loadRuntime, storeOptions, toStore, type StoreArgs } from "../runtime.ts";
import { isPassing } from "../service.ts";
import { toTarget, type Target } from "../target.ts";

interface InvokeArgs extends SharedArgs, StoreArgs {
  readonly target: string;
  readonly input?: string | undefined;
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  readonly project?: string | undefined;
}

/** `durablec invoke`: starts an execution, or carries on with the one of that id, and waits for its end. */
export function addInvoke(cli: Cli, face: Face): Cli {
  return cli.command(
    "invoke <target>",
    "Run a durable function to its end",
    (one) =>
      one
        .positional("target", {
          type: "string",
          demandOption: true,
          describe: "FILE#FUNCTION, a source or built",
        })
        .option("input", { type: "string", describe: "The function's argument, as JSON" })
        .option("event", { type: "string", describe: "The same, from a JSON file" })
        .conflicts("input", "event")
        .option("id", { type: "string", describe: "The same id again carries on with the same execution" })
        .option("project", { alias: "p", type: "string", describe: "tsconfig.json of a source" })
        .options(storeOptions),
    (args) => face.run(args, () => invoke(args, face.io)),
  );
}

async function invoke(args: InvokeArgs, io: Io): Promise<ExitCode> {
  const target = toTarget(args.target, io);
  const input = readInput(args, io);
  const module = target.isSource ? await buildSource(target, args, io) : target.file;
  if (module === null) return EXIT.findings;
  const { open, toLogLine } = await loadRuntime(dirname(module));
  const fn = await importFunction(module, target.name);
  const id = args.id ?? randomUUID();
  const parked = Promise.withResolvers<Outcome>();
  const engine = await open({
    store: toStore(args, io),
    ...readKeys(args, io),
    functions: [fn],
    // Standard output is for the result.
    logger: (entry) => entry.event === undefined && io.err(toLogLine(entry)),
    onError: (error, about) => {
      if (about === null && isPassing(error)) io.err(`trying again: ${error.message}`);
      // Other executions of the store may need functions that are not loaded here; their worker will have them.
      else if (about === null || about === id) parked.resolve({ status: "PARKED", error });
      else io.err(`${about} is left for its worker: ${error.message}`);
    },
  });
  try {
    const { created } = await engine.start(fn, input, { id });
    io.err(created ? `started ${id}` : `found ${id}, carrying on`);
    if (!engine.running)
      io.err(`another process runs ${engine.storeName}: waiting for it to bring ${id} to its end`);
    const outcome = await Promise.race([toOutcome(engine, id), parked.promise, interrupted(io.stopped)]);
    return report({ id, outcome, module }, args, io);
  } finally {
    await engine.close();
  }
}

/** Loads the compiler only for a source: running what is built must not cost a compiler's start. */
async function buildSource(target: Target, args: InvokeArgs, io: Io): Promise<string | null> {
  const { buildForRun } = await import("../buildForRun.ts");
  return buildForRun(target, args.project, io);
}

function readInput({ input, event }: InvokeArgs, io: Io): unknown {
  if (event === undefined) return input === undefined ? undefined : parseJson(input, "--input");
  const path = resolve(io.cwd, event);
  if (!existsSync(path)) throw new Trouble(`There is no file ${path}.`, "--event takes a JSON file.");
  return parseJson(readFileSync(path, "utf8"), path);
}

type Outcome =
  | { readonly status: "SUCCEEDED"; readonly result: unknown }
  | { readonly status: "FAILED"; readonly error: unknown }
  /** Its stored state fits no code that is here, or the store cannot go on. */
  | { readonly status: "PARKED"; readonly error: Error }
  | { readonly status: "INTERRUPTED" };

function toOutcome(engine: Engine, id: string): Promise<Outcome> {
  return engine.result(id).then(
    (result) => ({ status: "SUCCEEDED", result }),
    (error: unknown) => ({ status: "FAILED", error }),
  );
}

function interrupted(signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = () => resolve({ status: "INTERRUPTED" });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}

interface Ended {
  readonly id: string;
  readonly outcome: Outcome;
  readonly module: string;
}

function report({ id, outcome, module }: Ended, args: InvokeArgs, io: Io): ExitCode {
  if (args.json) io.out(toJson({ id, ...outcome }));
  else if (outcome.status === "SUCCEEDED") io.out(formatValue(outcome.result, io.colors));
  else io.err(describe(id, outcome, module));
  return outcome.status === "SUCCEEDED" ? EXIT.ok : EXIT.failed;
}

function describe(id: string, outcome: Exclude<Outcome, { status: "SUCCEEDED" }>, module: string): string {
  switch (outcome.status) {
    case "FAILED":
      return `${id} failed: ${describeFailure(outcome.error, module)}`;
    case "PARKED":
      return `${id} cannot go on here: ${outcome.error.message}`;
    case "INTERRUPTED":
      return `${id} is kept where it stands: the same command with --id ${id} carries on.`;
  }
}

/** The author's own error: its stack leads to the author's line, so here it is wanted. */
function describeFailure(error: unknown, module: string): string {
  if (!(error instanceof Error)) return formatValue(error, false);
  const runtime = findRuntime(dirname(module));
  return formatStack(error, runtime === null ? "@durablec/runtime" : dirname(runtime));
}
