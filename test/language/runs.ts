/**
 * Runs one program in several ways whose logs must be equal: as it was written; compiled; and compiled with every frame
 * rebuilt at every await from its live slots alone, where reading any other slot throws.
 */
import { createRequire } from "node:module";
import { transformSync } from "@swc/core";
import * as support from "../../fixtures/language/support.ts";
import { compileText } from "../../compiler/index.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import * as authoring from "../../runtime/authoring.ts";
import { Frame, launch, outsideFrames, type Deferred, type Host } from "../../runtime/frame.ts";
import * as machineWords from "../../runtime/machine.ts";
import { findDurable } from "../../runtime/registry.ts";
import { runBody } from "../../runtime/requests.ts";
import type { Slots } from "../../runtime/contract.ts";

type Main = (...args: readonly unknown[]) => Promise<unknown>;
type Log = readonly string[];

export interface Program {
  readonly native: Main;
  readonly compiled: Main;
  readonly rebuilt: Main;
  readonly code: string;
}

export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[], source: string) {
    super(
      diagnostics
        .map((found) => `${found.code} ${found.message} <${source.slice(found.start, found.end)}>`)
        .join("\n"),
    );
    this.diagnostics = diagnostics;
  }
}

/** `source` is a module that exports `main`. */
export function toProgram(source: string, fileName: string): Program {
  const { modules, diagnostics } = compileText(source, fileName, { verify: true });
  const [module] = modules;
  if (module === undefined || diagnostics.length > 0) throw new CompileError(diagnostics, source);
  return {
    native: toNative(source),
    compiled: evaluate(module.code, authoring),
    // A module of its own, so that module variables start afresh.
    rebuilt: toRebuilt(evaluate(module.code, authoring)),
    code: module.code,
  };
}

/** The program as it was written. Throws when it is no program. */
export function toNative(source: string): Main {
  return evaluate(source, nativeOperations);
}

export async function runAll(
  { native, compiled, rebuilt }: Program,
  timed = true,
): Promise<Readonly<Record<"native" | "compiled" | "rebuilt", Log>>> {
  return {
    native: await support.record(() => native(), timed),
    compiled: await support.record(() => compiled(), timed),
    rebuilt: await support.record(() => rebuilt(), timed),
  };
}

/** What the operations mean to code that is not compiled, so that it can be compared. */
const nativeOperations = {
  step: async (...args: readonly unknown[]): Promise<unknown> =>
    (args.find((arg) => typeof arg === "function") as () => unknown)(),
  wait: async (): Promise<void> => undefined,
  checkpoint: async (): Promise<void> => undefined,
  now: (): number => 0,
  random: (): number => 0.5,
  uuid: (): string => "uuid",
};

function evaluate(source: string, operations: object): Main {
  const { code } = transformSync(source, {
    configFile: false,
    swcrc: false,
    isModule: true,
    module: { type: "commonjs", noInterop: true },
    jsc: { target: "esnext", parser: { syntax: "typescript" } },
  });
  const modules: Readonly<Record<string, object>> = {
    "../support.ts": support,
    "@durablec/runtime": operations,
    "@durablec/runtime/machine": machineWords,
  };
  const exported: { main?: Main } = {};
  const require = (name: string): unknown => modules[name] ?? createRequire(import.meta.url)(name);
  // The program under test is the argument of the test: it has to become code somewhere.
  new Function("exports", "require", code)(exported, require);
  if (exported.main === undefined) throw new Error("the program exports no main");
  return exported.main;
}

function toRebuilt(main: Main): Main {
  const machine = findDurable(main);
  const enter = machine?.enter;
  if (machine === undefined || enter === undefined) throw new Error("main is not durable");
  return (...args) =>
    launch(new Frame(machine, createRebuildingHost()), null, () =>
      (enter as (...args: readonly unknown[]) => Slots)(...args),
    );
}

/** Like an execution, but nothing is recorded: at each await the frame's slots are thrown away and made again. */
function createRebuildingHost(): Host {
  return {
    begin: () => createDeferred(),
    park(frame, value) {
      const live = frame.machine.checkpoints[frame.pc]?.live ?? [];
      frame.slots = toGuarded(Object.fromEntries(live.map((name) => [name, frame.slots[name]])), frame);
      return Promise.resolve(value);
    },
    ended: () => undefined,
    label: () => undefined,
    operate: (_frame, request) =>
      request.kind === "step"
        ? (runBody(request.body, { attempt: 1 }) as Promise<unknown>)
        : outsideFrames(() => Promise.resolve(undefined)),
    all: (values) => Promise.all(values),
    now: () => 0,
    random: () => 0.5,
    uuid: () => "uuid",
  };
}

function toGuarded(slots: Slots, frame: Frame): Slots {
  return new Proxy(slots, {
    get(of, name) {
      if (!(name in of))
        throw new Error(`${frame.machine.id} reads ${String(name)} at ${frame.pc}, where it is not live`);
      return of[String(name)];
    },
  });
}

function createDeferred(): Deferred {
  let resolve: Deferred["resolve"] = () => undefined;
  let reject: Deferred["reject"] = () => undefined;
  const promise = new Promise<unknown>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
