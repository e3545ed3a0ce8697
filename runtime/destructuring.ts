/** Steps of object patterns that hold an await. */

/** Throws for what has no properties. `text`: how the language names it, where the source has a name for it. */
export function coercible(value: unknown, text?: string): void {
  if (value !== null && value !== undefined) return;
  throw new TypeError(
    text === undefined
      ? `Cannot read properties of ${String(value)}`
      : `Cannot destructure '${text}' as it is ${String(value)}.`,
  );
}

/** `...rest`: the own enumerable properties that the pattern has not named, each read once. */
export function omit(source: unknown, names: readonly PropertyKey[]): object {
  const rest = {};
  const named = new Set<PropertyKey>(names.map((name) => (typeof name === "symbol" ? name : String(name))));
  const from = Object(source) as object;
  for (const key of Reflect.ownKeys(from)) {
    if (named.has(key) || Reflect.getOwnPropertyDescriptor(from, key)?.enumerable !== true) continue;
    const value: unknown = Reflect.get(from, key, from);
    Reflect.defineProperty(rest, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return rest;
}
