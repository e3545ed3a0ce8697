import { CannotEncode } from "../errors.ts";
import {
  CONFIGURABLE,
  ENUMERABLE,
  EXTENSIBLE,
  FROZEN,
  NOT_EXTENSIBLE,
  ORDINARY,
  SEALED,
  WRITABLE,
} from "./format.ts";

/** The own properties of an object: an ordinary record, or a list that tells the flags of each. */
export type Properties =
  | { readonly kind: "record"; readonly keys: readonly string[]; readonly values: readonly unknown[] }
  /** key, flags, value, key, flags, value... */
  | { readonly kind: "list"; readonly list: readonly unknown[] };

/** How far the object is locked. Locked objects' flags are those of ordinary ones: locking again restores them. */
export function lockLevel(value: object): number {
  if (Object.isExtensible(value)) return EXTENSIBLE;
  if (Object.isFrozen(value) && !hasWritableLength(value)) return FROZEN;
  return Object.isSealed(value) ? SEALED : NOT_EXTENSIBLE;
}

/** V8 calls an empty array frozen as soon as it is not extensible, although its length can still be set. */
function hasWritableLength(value: object): boolean {
  return Array.isArray(value) && Object.getOwnPropertyDescriptor(value, "length")!.writable === true;
}

/** All own properties but those that `isSkipped`: they come with the object's kind (the length of an array). */
export function ownProperties(
  value: object,
  level: number,
  isSkipped?: (key: string | symbol) => boolean,
): Properties {
  const keys: (string | symbol)[] = [];
  const values: unknown[] = [];
  const flags: number[] = [];
  const implied = level === FROZEN ? WRITABLE | CONFIGURABLE : level === SEALED ? CONFIGURABLE : 0;
  let isRecord = true;
  for (const key of Reflect.ownKeys(value)) {
    if (isSkipped?.(key) === true) continue;
    const property = Object.getOwnPropertyDescriptor(value, key)!;
    if (property.get !== undefined || property.set !== undefined) {
      throw new CannotEncode(
        `its property ${String(key)} is an accessor, which would lose its code; keep its value`,
      );
    }
    const flag = flagsOf(property) | implied;
    if (flag !== ORDINARY || typeof key === "symbol") isRecord = false;
    keys.push(key);
    values.push(property.value);
    flags.push(flag);
  }
  if (isRecord) return { kind: "record", keys: keys as string[], values };
  return { kind: "list", list: toList(keys, flags, values) };
}

/** A record as a list: where the kind's own form has taken the place of the record. */
export function asList(properties: Properties): readonly unknown[] {
  if (properties.kind === "list") return properties.list;
  return toList(
    properties.keys,
    properties.keys.map(() => ORDINARY),
    properties.values,
  );
}

export function flagsOf(property: PropertyDescriptor): number {
  return (
    (property.enumerable === true ? ENUMERABLE : 0) |
    (property.writable === true ? WRITABLE : 0) |
    (property.configurable === true ? CONFIGURABLE : 0)
  );
}

function toList(
  keys: readonly (string | symbol)[],
  flags: readonly number[],
  values: readonly unknown[],
): readonly unknown[] {
  return keys.flatMap((key, i) => [key, flags[i], values[i]]);
}
