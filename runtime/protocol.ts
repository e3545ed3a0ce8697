/** The steps of the language's iterator protocol, with its errors. */

export type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

export function toResult(result: unknown): object {
  if (isObject(result)) return result;
  throw new TypeError(`Iterator result ${String(result)} is not an object`);
}

export function getMethod(holder: object, name: "return" | "throw"): Method | undefined {
  const method: unknown = (holder as Partial<Record<string, unknown>>)[name];
  if (method === undefined || method === null) return undefined;
  if (typeof method === "function") return method as Method;
  throw new TypeError(`${nameOf(method)} is not a function`);
}

/** What the language calls a value that no name in the source leads to: `number 5`, `object null`, `object`. */
export function nameOf(value: unknown): string {
  if (typeof value === "string") return `string "${value}"`;
  const isShown = value === null || typeof value === "number" || typeof value === "boolean";
  return isShown ? `${typeof value} ${String(value)}` : typeof value;
}

/** An ordinary property, own or inherited: no code runs. */
export function findData(holder: object, key: string | symbol): unknown {
  for (let at: object | null = holder; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const property = Object.getOwnPropertyDescriptor(at, key);
    if (property !== undefined) return property.value;
  }
  return undefined;
}
