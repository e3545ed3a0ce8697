/** Promises inside a snapshot: settled ones with their value, pending ones with where the value will come from. */
import { types } from "node:util";
import { CannotEncode, DecodeError } from "../errors.ts";
import type { Extension } from "../values/contract.ts";
import type { Combinator } from "../frame.ts";
import type { Execution } from "./execution.ts";
import type { Combined, PromiseRecord, PromiseTable } from "./promises.ts";
import { restoreReaction, toParts } from "./reactions.ts";

export function promiseExtension(execution: Execution): Extension {
  const table = execution.promises;
  return {
    tag: "p",
    early: true,
    matches: (value) => types.isPromise(value),
    write(value) {
      const record = table.find(value);
      if (record === undefined) {
        throw new CannotEncode("it is a promise that no durable operation made");
      }
      const reason = execution.made.reach(record.promise);
      if (reason !== null && table.settledState(record) === null) throw new CannotEncode(reason);
      return parts(table, record);
    },
    create: () => table.create({ kind: "task", path: "" }).promise,
    fill(value, [kind, ...rest]) {
      const record = table.find(value);
      if (record !== undefined) revive({ execution, record }, String(kind), rest);
    },
  };
}

function parts(table: PromiseTable, record: PromiseRecord): readonly unknown[] {
  const settled = table.settledState(record);
  if (settled !== null) return [settled.kind, settled.value];
  const waiting = record.dependents.flatMap((dependent) =>
    table.settledState(dependent) === null ? [dependent.promise] : [],
  );
  const pending = pendingParts(record);
  return waiting.length === 0 ? pending : ["awaited", waiting, ...pending];
}

function pendingParts({ source, follows }: PromiseRecord): readonly unknown[] {
  if (follows !== null) return ["follows", follows.promise, follows.order];
  switch (source.kind) {
    case "operation":
    case "opening":
      return [source.kind, source.op];
    case "task":
      return ["task", source.path];
    case "deferred":
      return ["deferred"];
    case "made":
      return ["made", source.op];
    case "reaction":
      return toParts(source.reaction);
    case "combined": {
      const { combinator, order, values, pending } = source.combined;
      return [combinator, order, values, ...[...pending].flat()];
    }
  }
}

function revive(
  { execution, record }: { readonly execution: Execution; readonly record: PromiseRecord },
  kind: string,
  rest: readonly unknown[],
): void {
  const { promises: table } = execution;
  switch (kind) {
    case "awaited":
      // The promises that wait for it attach themselves.
      return revive({ execution, record }, String(rest[1]), rest.slice(2));
    case "fulfilled":
      return record.resolve(rest[0]);
    case "rejected":
      return record.reject(rest[0]);
    case "follows":
      return table.restoreFollower(record, rest[0] as Promise<unknown>, rest[1] as number);
    case "operation":
    case "opening":
      record.source = { kind, op: String(rest[0]) };
      return;
    case "task":
      record.source = { kind, path: String(rest[0]) };
      return;
    case "deferred":
      record.source = { kind };
      return;
    case "made":
      record.source = { kind, op: String(rest[0]) };
      execution.made.add(String(rest[0]), record);
      return;
    case "reaction":
      return restoreReaction(execution, record, rest);
    case "all":
    case "allSettled":
    case "any":
    case "race":
      return table.restoreCombined(record, toCombined(kind, rest));
    default:
      throw new DecodeError(`A promise of kind "${kind}" is unknown to this version.`);
  }
}

/** `parts`: order, values so far, then index and promise of each pending element. */
function toCombined(combinator: Combinator, parts: readonly unknown[]): Combined {
  const [order, values, ...flat] = parts as [number, unknown[], ...unknown[]];
  const pending = new Map<number, Promise<unknown>>();
  for (let i = 0; i < flat.length; i += 2) pending.set(flat[i] as number, flat[i + 1] as Promise<unknown>);
  return { combinator, order, values, pending };
}
