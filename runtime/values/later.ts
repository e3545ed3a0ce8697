import { DecodeError } from "../errors.ts";

/** Stands for an object that cannot be made before its parts. Text cannot contain one: it is no JSON. */
export class Later {
  isReady = false;
  value: unknown = undefined;

  set(value: unknown): void {
    this.isReady = true;
    this.value = value;
  }
}

/** What is left to do for an object when its parts have been read. */
export interface Job {
  /** The parts, read in place; some may be `Later`. */
  readonly items?: readonly unknown[];
  /** The object it is about, if that may be `Later`. */
  readonly target?: unknown;
  /** What exists afterwards. */
  readonly makes?: Later;
  /** Not before everything inside is complete. */
  readonly isAfterInside?: boolean;
  /** As `isAfterInside`, and right when the parts have been read: it runs code of a class that looks at them. */
  readonly isWhole?: boolean;
  run(): void;
}

export function isReady({ items, target }: Job): boolean {
  if (target instanceof Later && !target.isReady) return false;
  if (items !== undefined) {
    for (const item of items) if (item instanceof Later && !item.isReady) return false;
  }
  return true;
}

export function findNeeds({ items, target }: Job): ReadonlySet<Later> {
  const needs = new Set<Later>();
  for (const item of items ?? []) if (item instanceof Later && !item.isReady) needs.add(item);
  if (target instanceof Later && !target.isReady) needs.add(target);
  return needs;
}

/** The value itself, where a stand-in may be. */
export function settled(value: unknown): unknown {
  return value instanceof Later ? value.value : value;
}

export function damaged(what: string): DecodeError {
  return new DecodeError(`Stored text is damaged: ${what}.`);
}
