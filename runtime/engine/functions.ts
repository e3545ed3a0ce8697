/** The functions an engine was given, by their names. */
import { UnknownFunctionError } from "../errors.ts";
import { VOCABULARY } from "../contract.ts";
import { start } from "../frame.ts";
import { durable, findDurable, machine } from "../registry.ts";
import type { DurableFunction } from "./engine.ts";

/** A function or its name. */
export type Named = string | ((...args: never[]) => unknown);

interface FunctionsOptions {
  readonly plain: Readonly<Record<string, PlainFunction>>;
  /** It runs nothing: another process has the functions, so that any whole id will do. */
  readonly isClient: boolean;
}

export class Functions {
  private readonly known: ReadonlyMap<string, DurableFunction>;
  /** Ids of the durable functions that stand for plain ones. */
  private readonly plain = new Map<unknown, string>();
  private readonly isClient: boolean;

  constructor(known: ReadonlyMap<string, DurableFunction>, { plain, isClient }: FunctionsOptions) {
    const all = new Map(known);
    this.isClient = isClient;
    for (const [name, fn] of Object.entries(plain)) {
      const made = toDurable(name, fn);
      const { id } = findDurable(made) ?? { id: name };
      all.set(id, made);
      this.plain.set(fn, id);
    }
    this.known = all;
  }

  get ids(): readonly string[] {
    return [...this.known.keys()];
  }

  /** Throws `UnknownFunctionError`. */
  idOf(fn: Named): string {
    if (typeof fn === "function") assertNoGenerator(fn);
    const name = typeof fn === "string" ? fn : (findDurable(fn)?.id ?? this.plain.get(fn));
    if (name === undefined) {
      const what = typeof fn === "function" && fn.name !== "" ? fn.name : "The function";
      throw new UnknownFunctionError(
        `${what} is not a compiled durable function. Mark it "use durable" and import it from the output of \`durablec build\`, ` +
          `or name it in open({ plain }).`,
      );
    }
    if (this.known.has(name)) return name;
    // A short name will do where it is clear.
    const matches = [...this.known.keys()].filter((id) => id.endsWith(`#${name}`));
    if (matches.length === 1) return matches[0] as string;
    if (this.isClient && (typeof fn === "function" || /.#./.test(name))) return name;
    const known = [...this.known.keys()].join(", ") || "none";
    throw new UnknownFunctionError(
      `${name} is not among the functions this engine was opened with (${known}). ` +
        (this.isClient
          ? `Give its whole id, path#name, as durable.manifest.json has it, or add it to open({ functions }).`
          : `Add it to open({ functions }).`),
    );
  }
}

/** An execution is one run with one result. */
export function assertNoGenerator(fn: (...args: never[]) => unknown): void {
  if (findDurable(fn)?.generator === undefined) return;
  throw new UnknownFunctionError(
    `${fn.name} is a durable generator, which cannot be started: an execution gives one result. Start a durable function ` +
      `that walks it with for await.`,
  );
}

/** Ordinary code that may be started and invoked like a durable function: it runs as one step. */
export type PlainFunction = (input: never) => unknown;

/** A durable function that runs `fn` as its one step. */
function toDurable(name: string, fn: PlainFunction): DurableFunction {
  const definition = machine({
    vocabulary: VOCABULARY,
    id: `plain#${name}`,
    hash: "1",
    name,
    source: "@durablec/runtime",
    enter: (input: unknown) => ({ input }),
    calls: { 1: fn as (...args: never[]) => unknown },
    checkpoints: { 1: { kind: "step", name, line: 0, column: 0, live: ["input"] } },
    run: ($f, $s) => ($f.pc === 0 ? $f.await(1, $f.step(1, name, [$s.input])) : $f.done($f.resume())),
  });
  const made = (...args: readonly unknown[]): Promise<unknown> => start(definition, undefined, args);
  return durable(made, definition) as DurableFunction;
}
