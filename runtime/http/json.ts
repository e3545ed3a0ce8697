/**
 * Values as JSON, both ways. What JSON has is itself; what it lacks is an object with `$type`:
 *
 *     { "$type": "Date", "value": "2026-11-21T08:00:00.000Z" }      { "$type": "bigint", "value": "12345678901234567890" }
 *     { "$type": "Map", "value": [["lamp", 2]] }                    { "$type": "Uint8Array", "value": "base64" }
 *
 * An ordinary object that has a key `$type` itself is `{ "$type": "Object", "value": {...} }`.
 */
import { badRequest, Problem } from "./problem.ts";

const DEPTH_MAX = 200;
/** An object that is reached by two ways is written twice, and so on: a small graph can be a large tree. */
const NODES_MAX = 1_000_000;

type Record_ = Readonly<Record<string, unknown>>;

interface Writing {
  /** The objects around the one that is being written. */
  readonly inside: Set<object>;
  left: number;
}

/** Throws a `Problem` for what is nested too deep or has too many parts. */
export function toJson(value: unknown): unknown {
  return write(value, { inside: new Set(), left: NODES_MAX });
}

function write(value: unknown, writing: Writing): unknown {
  if (writing.left-- === 0 || writing.inside.size > DEPTH_MAX)
    throw new Problem(
      500,
      "not_json",
      `The value is too large for JSON: at most ${NODES_MAX} parts, nested ${DEPTH_MAX} levels deep. Read it with the library.`,
    );
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged("number", numberText(value));
    case "bigint":
      return tagged("bigint", value.toString());
    case "undefined":
      return { $type: "undefined" };
    case "symbol":
      return tagged("symbol", value.description ?? "");
    case "function":
      return tagged("function", value.name);
    case "object":
      return value === null ? null : writeObject(value, writing);
    default:
      return value;
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function tagged(type: string, value: unknown): Record_ {
  return { $type: type, value };
}

function writeObject(value: object, writing: Writing): unknown {
  if (writing.inside.has(value)) return { $type: "circular" };
  writing.inside.add(value);
  const written = writeParts(value, writing);
  writing.inside.delete(value);
  return written;
}

function writeParts(value: object, writing: Writing): unknown {
  const part = (inner: unknown): unknown => write(inner, writing);
  if (Array.isArray(value)) return Array.from(value, part);
  if (value instanceof Date)
    return tagged("Date", Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (value instanceof RegExp) return tagged("RegExp", String(value));
  if (value instanceof URL) return tagged("URL", value.href);
  if (value instanceof Map)
    return tagged(
      "Map",
      [...value].map(([key, one]) => [part(key), part(one)]),
    );
  if (value instanceof Set) return tagged("Set", [...value].map(part));
  if (value instanceof ArrayBuffer) return tagged("ArrayBuffer", base64(new Uint8Array(value)));
  if (ArrayBuffer.isView(value)) return tagged(nameOf(value), base64(bytesOf(value)));
  if (value instanceof Error) return writeError(value, writing);
  const record = writeRecord(value, writing);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype)
    return { $type: "instance", class: nameOf(value), value: record };
  return Object.hasOwn(value, "$type") ? tagged("Object", record) : record;
}

/** Its stack stays here: it says where files are. */
function writeError(error: Error, writing: Writing): unknown {
  const { name, message, cause } = error;
  const own = Object.entries(error).filter(([key]) => !["name", "message", "stack", "cause"].includes(key));
  const more = own.map(([key, value]) => [key, write(value, writing)] as const);
  return {
    $type: "Error",
    name,
    message,
    class: nameOf(error),
    ...(cause === undefined ? {} : { cause: write(cause, writing) }),
    ...(more.length === 0 ? {} : { properties: Object.fromEntries(more) }),
  };
}

/** As in JSON, a property that is undefined is left out. */
function writeRecord(value: object, writing: Writing): unknown {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  // From entries: an assignment to `__proto__` would change the prototype.
  return Object.fromEntries(entries.map(([key, one]) => [key, write(one, writing)]));
}

/** Of its class: not what it has as `constructor` itself. */
function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as {
    readonly constructor?: { readonly name?: unknown };
  } | null;
  const name = prototype?.constructor?.name;
  return typeof name === "string" ? name : "Object";
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The value of parsed JSON. Throws a `Problem` for a `$type` that is unknown or has no such value. */
export function fromJson(json: unknown, depth = 0): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (depth > DEPTH_MAX) throw badRequest(`The value is nested deeper than ${DEPTH_MAX} levels.`);
  if (Array.isArray(json)) return json.map((item) => fromJson(item, depth + 1));
  if (Object.hasOwn(json, "$type")) return readTagged(json as Record_, depth);
  return readRecord(json, depth);
}

function readRecord(json: object, depth: number): unknown {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, fromJson(value, depth + 1)]));
}

function readTagged(json: Record_, depth: number): unknown {
  const { $type: type, value } = json;
  const read = READERS.get(String(type));
  if (read === undefined)
    throw badRequest(
      `${JSON.stringify(type)} is no $type of a value that can be sent: ${[...READERS.keys()].join(", ")}. An object with a ` +
        `key $type of its own is { "$type": "Object", "value": {...} }.`,
    );
  const given = type === "Error" ? json : value;
  const made = read(given, depth);
  if (made === INVALID)
    throw badRequest(`${JSON.stringify(given)?.slice(0, 100)} is no value of the $type ${String(type)}.`);
  return made;
}

const INVALID = Symbol("invalid");
const DIGITS_MAX = 10_000;

const READERS: ReadonlyMap<string, (value: unknown, depth: number) => unknown> = new Map([
  ["undefined", () => undefined],
  ["number", (value) => NUMBERS.get(value) ?? INVALID],
  ["bigint", (value) => (isDigits(value) ? BigInt(value) : INVALID)],
  ["Date", readDate],
  ["URL", (value) => (typeof value === "string" && URL.canParse(value) ? new URL(value) : INVALID)],
  ["Map", readMap],
  [
    "Set",
    (value, depth) =>
      Array.isArray(value) ? new Set(value.map((one) => fromJson(one, depth + 1))) : INVALID,
  ],
  ["Uint8Array", (value) => readBytes(value)],
  ["ArrayBuffer", (value) => readBytes(value, (bytes) => bytes.buffer)],
  ["Error", readError],
  ["Object", (value, depth) => (isRecord(value) ? readRecord(value, depth) : INVALID)],
] as const satisfies readonly (readonly [string, (value: unknown, depth: number) => unknown])[]);

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

function isDigits(value: unknown): value is string {
  return typeof value === "string" && value.length <= DIGITS_MAX && /^-?\d+$/.test(value);
}

function isRecord(value: unknown): value is Record_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readDate(value: unknown): unknown {
  if (value === null) return new Date(NaN);
  const date = typeof value === "string" ? new Date(value) : null;
  return date === null || Number.isNaN(date.getTime()) ? INVALID : date;
}

function readMap(value: unknown, depth: number): unknown {
  if (!Array.isArray(value) || !value.every((pair) => Array.isArray(pair) && pair.length === 2))
    return INVALID;
  const read = (one: unknown): unknown => fromJson(one, depth + 1);
  return new Map((value as [unknown, unknown][]).map(([key, one]) => [read(key), read(one)]));
}

function readBytes(value: unknown, to: (bytes: Uint8Array) => unknown = (bytes) => bytes): unknown {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0)
    return INVALID;
  // A copy: a small Buffer is a part of a pool.
  return to(new Uint8Array(Buffer.from(value, "base64")));
}

function readError(json: unknown, depth: number): unknown {
  const { name = "Error", message = "", cause, properties = {} } = json as Record_;
  if (typeof name !== "string" || typeof message !== "string" || !isRecord(properties)) return INVALID;
  const error = new Error(message, cause === undefined ? {} : { cause: fromJson(cause, depth + 1) });
  error.name = name;
  // What came from elsewhere has no place in this code.
  delete error.stack;
  for (const [key, value] of Object.entries(properties))
    Object.defineProperty(error, key, {
      value: fromJson(value, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return error;
}
