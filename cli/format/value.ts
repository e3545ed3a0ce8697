import { inspect } from "node:util";

/**
 * A value as JSON, for programs. JSON has less than JavaScript: what it lacks is written as the nearest thing it has
 * (a BigInt as its digits, a Map and a Set as arrays, an error as its name and message, undefined as null).
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => toPlain(part), 2) ?? "null";
}

function toPlain(part: unknown): unknown {
  if (typeof part === "bigint") return part.toString();
  if (part instanceof Map) return [...(part as Map<unknown, unknown>)];
  if (part instanceof Set) return [...(part as Set<unknown>)];
  if (part instanceof Error) return { ...part, name: part.name, message: part.message };
  return part;
}

/** A value for people. */
export function formatValue(value: unknown, colors: boolean): string {
  return value instanceof Error
    ? `${value.name}: ${value.message}`
    : inspect(value, { colors, depth: 6, compact: 3 });
}

/** The same on one line of at most `lengthMax` characters. */
export function formatBrief(value: unknown, lengthMax: number): string {
  const text =
    value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, { breakLength: Infinity });
  const line = text.replace(/\s*\n\s*/g, " ");
  return line.length <= lengthMax ? line : `${line.slice(0, lengthMax - 1)}…`;
}
