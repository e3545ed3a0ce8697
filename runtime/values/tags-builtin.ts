import { VIEWS } from "./format.ts";
import { STANDARD_ERRORS } from "./forms-errors.ts";
import { WELL_KNOWN } from "./intrinsics.ts";
import { Later, damaged, settled } from "./later.ts";
import { isWholeNumber } from "./tags-own.ts";
import type { ReadContext } from "./tags-own.ts";

type Opener = (items: unknown[], context: ReadContext) => unknown;

/** The value of a node of the language's own kinds. Everything is checked: the text may be anybody's. */
export function openBuiltinTag(tag: string, items: unknown[], context: ReadContext): unknown {
  const opener = OPENERS.get(tag);
  if (opener === undefined) throw damaged(`${JSON.stringify(tag.slice(0, 20))} is no tag`);
  return opener(items, context);
}

const OPENERS: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ["~u", (): unknown => undefined],
  ["~nan", (): unknown => NaN],
  ["~-0", (): unknown => -0],
  ["~inf", (): unknown => Infinity],
  ["~-inf", (): unknown => -Infinity],
  ["~big", openBigInt],
  ["~date", openDate],
  ["~re", openRegExp],
  ["~map", openMap],
  ["~set", openSet],
  ["~buf", openBuffer],
  ["~view", openView],
  ["~bytes", ([, base64]): unknown => bytesOf(base64)],
  ["~url", openUrl],
  ["~query", ([, text]): unknown => new URLSearchParams(textOf(text))],
  ["~params", openParams],
  ["~err", openError],
  ["~dom", openDomException],
  ["~box", openBoxed],
  ["~arr", openSparse],
  ["~args", openArguments],
  ["~sym", openWellKnown],
  ["~for", ([, key]): unknown => Symbol.for(textOf(key))],
  ["~local", openLocalSymbol],
]);

function openLocalSymbol([, text]: unknown[], { setting }: ReadContext): symbol {
  const made = Symbol(text === null ? undefined : textOf(text));
  return setting.named?.own(made) ?? made;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw damaged("a text is missing");
  return value;
}

function openBigInt([, hex]: unknown[]): bigint {
  const text = textOf(hex);
  const digits = text.startsWith("-") ? text.slice(1) : text;
  if (!/^[0-9a-f]+$/.test(digits)) throw damaged("a bigint has no digits");
  // Hexadecimal, because reading decimal digits takes quadratic time.
  const size = guarded(() => BigInt("0x" + digits), "a bigint is too long");
  return text.startsWith("-") ? -size : size;
}

function openDate([, time]: unknown[]): Date {
  if (time !== null && typeof time !== "number") throw damaged("a Date has no time");
  return new Date(time ?? NaN);
}

function openRegExp([, source, flags, lastIndex]: unknown[]): RegExp {
  const re = guarded(() => new RegExp(textOf(source), textOf(flags)), "a RegExp does not parse");
  if (!Number.isSafeInteger(lastIndex)) throw damaged("a RegExp has no lastIndex");
  re.lastIndex = lastIndex as number;
  return re;
}

function openMap(items: unknown[], context: ReadContext): Map<unknown, unknown> {
  if (items.length % 2 !== 1) throw damaged("a Map is cut off");
  const map = new Map<unknown, unknown>();
  const run = (): void => {
    for (let i = 1; i < items.length; i += 2) map.set(settled(items[i]), settled(items[i + 1]));
  };
  context.walk(items, 1, { items, run });
  return map;
}

function openSet(items: unknown[], context: ReadContext): Set<unknown> {
  const set = new Set<unknown>();
  const run = (): void => {
    for (let i = 1; i < items.length; i++) set.add(settled(items[i]));
  };
  context.walk(items, 1, { items, run });
  return set;
}

function bytesOf(base64: unknown): Buffer {
  const text = textOf(base64);
  const bytes = Buffer.from(text, "base64");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding)
    throw damaged("bytes are no base64");
  return bytes;
}

/** Reserving address space for a resizable buffer costs nothing until it is used, but hostile text could ask for all. */
const RESIZABLE_MAX = 2 ** 32;

function openBuffer([, base64, max]: unknown[]): ArrayBuffer {
  const bytes = bytesOf(base64);
  if (max !== undefined && (!isWholeNumber(max) || max > RESIZABLE_MAX))
    throw damaged("a buffer has no size");
  const buffer = guarded(
    () =>
      max === undefined
        ? new ArrayBuffer(bytes.length)
        : new ArrayBuffer(bytes.length, { maxByteLength: max }),
    "a buffer is too large",
  );
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

function openView(items: unknown[], context: ReadContext): ArrayBufferView {
  const [, name, node, offset, length] = items;
  const buffer = typeof node === "object" && node !== null ? context.open(node) : undefined;
  if (!(buffer instanceof ArrayBuffer)) throw damaged("a view has no buffer");
  if (!isWholeNumber(offset) || !isWholeNumber(length)) throw damaged("a view has no place");
  if (name === "Buffer")
    return guarded(() => Buffer.from(buffer, offset, length), "a view is outside its buffer");
  const View = VIEWS.get(textOf(name));
  if (View === undefined) throw damaged("a view of no known kind");
  return guarded(() => new View(buffer, offset, length), "a view is outside its buffer");
}

function openUrl([, href]: unknown[]): URL {
  return guarded(() => new URL(textOf(href)), "a URL does not parse");
}

function openParams([, node]: unknown[], context: ReadContext): URLSearchParams {
  const url = typeof node === "object" && node !== null ? context.open(node) : undefined;
  if (!(url instanceof URL)) throw damaged("search parameters have no URL");
  return url.searchParams;
}

function openError([, name, stack]: unknown[]): Error {
  const constructor = STANDARD_ERRORS.get(textOf(name));
  if (constructor === undefined) throw damaged("an error of no known kind");
  const error = withoutStack(() => Reflect.construct(constructor, argumentsOf(name)) as Error);
  for (const key of Reflect.ownKeys(error)) if (key !== "stack") Reflect.deleteProperty(error, key);
  return setStack(error, stack);
}

/** AggregateError takes a list first. */
function argumentsOf(name: unknown): readonly unknown[] {
  return name === "AggregateError" ? [[]] : [];
}

function openDomException([, message, name, stack]: unknown[]): DOMException {
  const text = textOf(message);
  const error = withoutStack(() => new DOMException(text, textOf(name)));
  return setStack(error, stack);
}

function setStack<T extends { stack?: string }>(error: T, stack: unknown): T {
  if (stack === null) Reflect.deleteProperty(error, "stack");
  else error.stack = textOf(stack);
  return error;
}

/** Taking a stack costs more than all the rest, and it is replaced at once. */
function withoutStack<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function openBoxed([, node]: unknown[], context: ReadContext): object {
  const value = typeof node === "object" && node !== null ? context.open(node) : node;
  if (
    (typeof value === "object" && value !== null) ||
    typeof value === "function" ||
    value instanceof Later
  ) {
    throw damaged("an object is boxed");
  }
  if (value === null || value === undefined) throw damaged("nothing is boxed");
  return Object(value) as object;
}

function openSparse(items: unknown[], context: ReadContext): unknown[] {
  const length = items[1];
  if (!isWholeNumber(length) || length > 4294967295 || items.length % 2 !== 0)
    throw damaged("an array has no length");
  const array: unknown[] = [];
  // A far element first makes V8 keep a dictionary; setting the length alone would reserve 8 bytes for each hole.
  if (length > 1024) array[4294967294] = null;
  array.length = length;
  for (let i = 2; i < items.length; i += 2) {
    const index = items[i];
    if (!isWholeNumber(index) || index >= length) throw damaged("an array has an element outside");
  }
  const run = (): void => {
    for (let i = 2; i < items.length; i += 2) array[items[i] as number] = settled(items[i + 1]);
  };
  context.walk(items, 2, { items, run });
  return array;
}

const ARGUMENTS_MAX = 50_000;

function openArguments(items: unknown[], context: ReadContext): object {
  if (items.length > ARGUMENTS_MAX) throw damaged("there are too many arguments");
  const made = makeArguments(new Array<unknown>(items.length - 1));
  const run = (): void => {
    for (let i = 1; i < items.length; i++) Reflect.set(made, i - 1, settled(items[i]));
  };
  context.walk(items, 1, { items, run });
  return made;
}

function makeArguments(values: readonly unknown[]): object {
  function strict(): object {
    return arguments;
  }
  return Reflect.apply(strict, undefined, values);
}

function openWellKnown([, name]: unknown[]): symbol {
  const symbol = WELL_KNOWN.get(textOf(name));
  if (symbol === undefined) throw damaged("a symbol of no known name");
  return symbol;
}

/** Runs a constructor on checked arguments whose values may still not fit. */
function guarded<T>(make: () => T, what: string): T {
  try {
    return make();
  } catch {
    throw damaged(what);
  }
}
