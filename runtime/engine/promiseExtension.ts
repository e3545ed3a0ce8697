/** Promises inside a snapshot: settled ones with their value, pending ones with where the value will come from. */
import { types } from "node:util";
import { CannotEncode, DecodeError } from "../errors.ts";
import type { Extension } from "../values/contract.ts";
import type { Combinator } from "../frame.ts";
import type { Combined, PromiseRecord, PromiseTable } from "./promises.ts";

export function promiseExtension(table: PromiseTable): Extension {
  return {
    tag: "p",
    early: true,
    matches: (value) => types.isPromise(value),
    write(value) {
      const record = table.find(value);
      if (record === undefined) {
        throw new CannotEncode("it is a promise that no durable operation made");
      }
      return parts(table, record);
    },
    create: () => table.create({ kind: "task", path: "" }).promise,
    fill(value, [kind, ...rest]) {
      const record = table.find(value);
      if (record !== undefined) revive({ table, record }, String(kind), rest);
    },
  };
}

function parts(table: PromiseTable, record: PromiseRecord): readonly unknown[] {
  const settled = table.settledState(record);
  if (settled !== null) return [settled.kind, settled.value];
  if (record.follows !== null) return ["follows", record.follows.promise, record.follows.order];
  const { source } = record;
  switch (source.kind) {
    case "operation":
    case "opening":
      return [source.kind, source.op];
    case "task":
      return ["task", source.path];
    case "deferred":
      return ["deferred"];
    case "combined": {
      const { combinator, order, values, pending } = source.combined;
      return [combinator, order, values, ...[...pending].flat()];
    }
  }
}

function revive(
  { table, record }: { table: PromiseTable; record: PromiseRecord },
  kind: string,
  rest: readonly unknown[],
): void {
  switch (kind) {
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
