/**
 * The ready-made text forms of AWS's SDK. Without one, a result keeps its class and its dates by itself: these are for code
 * that comes from there, and for results that other tools read as JSON.
 */
import { closure } from "./registry.ts";
import type { Serdes } from "./serdes.ts";

/** JSON, and nothing for undefined. */
export const defaultSerdes: Serdes<unknown> = {
  serialize: closure(
    "@durablec/runtime#jsonSerialize",
    () => (value: unknown) => (value === undefined ? undefined : JSON.stringify(value)),
  )(),
  deserialize: closure(
    "@durablec/runtime#jsonDeserialize",
    () =>
      (text: string | undefined): unknown =>
        text === undefined ? undefined : JSON.parse(text),
  )(),
};

/** JSON, read as an instance of the class: made without arguments, then given the properties. */
export function createClassSerdes<T extends object>(type: new () => T): Serdes<T> {
  return createClassSerdesWithDates(type, []);
}

/** The same; `dates` are the properties that hold dates (`"createdAt"`, `"meta.seenAt"`). */
export function createClassSerdesWithDates<T extends object>(
  type: new () => T,
  dates: readonly string[],
): Serdes<T> {
  return { ...defaultSerdes, deserialize: instance(type, dates) as Serdes<T>["deserialize"] };
}

const instance = closure(
  "@durablec/runtime#instanceDeserialize",
  (type: new () => object, dates: readonly string[]) =>
    (text: string | undefined): unknown => {
      if (text === undefined) return undefined;
      const made = new type();
      for (const [key, value] of Object.entries(JSON.parse(text) as object)) {
        if (key !== "__proto__") Reflect.set(made, key, value);
      }
      for (const path of dates) readDate(made, path.split("."));
      return made;
    },
);

function readDate(holder: unknown, [key = "", ...rest]: readonly string[]): void {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return;
  const value: unknown = Reflect.get(holder, key);
  if (rest.length > 0) readDate(value, rest);
  else if (typeof value === "string") Reflect.set(holder, key, new Date(value));
}
