import type { Setting } from "./form.ts";
import { CONFIGURABLE, ENUMERABLE, ORDINARY, WRITABLE } from "./format.ts";
import { damaged, settled } from "./later.ts";
import type { Job } from "./later.ts";

/** What reading a tagged node may ask of the reader. */
export interface ReadContext {
  readonly setting: Setting;
  /** The value of a node. The parts of it are read later, before those of walks that have been asked for earlier. */
  open(raw: object): unknown;
  /** Has the items from `start` on read, in place, and then the job done. */
  walk(items: unknown[], start: number, job: Job | null): void;
  define(id: number, value: unknown): void;
  recall(id: unknown): unknown;
}

export function isWholeNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** `["~own", node, key, flags, value, ...]` */
export function applyProperties(target: unknown, items: readonly unknown[]): void {
  for (let i = 2; i < items.length; i += 3) {
    const key = settled(items[i]);
    const flags = items[i + 1];
    if (typeof key !== "string" && typeof key !== "symbol") throw damaged("a property has no name");
    if (!isWholeNumber(flags) || flags > ORDINARY) throw damaged("a property has no flags");
    const isDone = Reflect.defineProperty(target as object, key, {
      value: settled(items[i + 2]),
      enumerable: (flags & ENUMERABLE) !== 0,
      writable: (flags & WRITABLE) !== 0,
      configurable: (flags & CONFIGURABLE) !== 0,
    });
    if (!isDone) throw damaged("a property is there twice");
  }
}
