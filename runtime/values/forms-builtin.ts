import { types } from "node:util";
import { CannotEncode } from "../errors.ts";
import { VIEWS } from "./format.ts";
import { form, leaf } from "./form.ts";
import type { Kind, WriteContext } from "./form.ts";
import { arrayKind, isIndex } from "./forms-arrays.ts";
import { domExceptionKind, errorKind } from "./forms-errors.ts";

/** The form of a builtin kind, told by what the object *is* (its hidden slots), not by its prototype. */
export function openBuiltin(value: object, writer: WriteContext): Kind | null {
  for (const [matches, open] of KINDS) if (matches(value)) return open(value as never, writer);
  return null;
}

type KindEntry = readonly [(value: object) => boolean, (value: never, writer: WriteContext) => Kind];

const KINDS: readonly KindEntry[] = [
  [types.isMap, mapKind],
  [types.isSet, setKind],
  [types.isDate, dateKind],
  // Before errors: newer versions of Node count it among them.
  [isDomException, domExceptionKind],
  [types.isNativeError, errorKind],
  [types.isArgumentsObject, argumentsKind],
  [types.isRegExp, regExpKind],
  [types.isArrayBuffer, bufferKind],
  [ArrayBuffer.isView, viewKind],
  [Array.isArray, arrayKind],
  [types.isBoxedPrimitive, boxedKind],
  [isUrl, urlKind],
  [isQuery, queryKind],
];

const nothing = (): boolean => false;

function mapKind(map: ReadonlyMap<unknown, unknown>): Kind {
  const items: unknown[] = [];
  for (const [key, value] of Map.prototype.entries.call(map)) items.push(key, value);
  const label = (i: number): string => (i % 2 === 0 ? `[key ${i / 2}]` : `.get(${shown(items[i - 1])})`);
  return {
    form: form({ open: '["~map"', comma: true, items, close: "]", label }),
    prototype: Map.prototype,
    taken: nothing,
  };
}

function shown(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : typeof key === "object" ? "{...}" : String(key);
}

function setKind(set: ReadonlySet<unknown>): Kind {
  const items = [...Set.prototype.values.call(set)] as unknown[];
  const label = (i: number): string => `[member ${i}]`;
  return {
    form: form({ open: '["~set"', comma: true, items, close: "]", label }),
    prototype: Set.prototype,
    taken: nothing,
  };
}

function dateKind(date: Date): Kind {
  const time = Date.prototype.getTime.call(date);
  return {
    form: leaf(`["~date",${Number.isNaN(time) ? "null" : time}]`),
    prototype: Date.prototype,
    taken: nothing,
  };
}

function regExpKind(re: RegExp): Kind {
  const { source, flags, lastIndex } = re;
  if (!Number.isSafeInteger(lastIndex))
    throw new CannotEncode("it is a RegExp whose lastIndex is no whole number; set it to one");
  const text = `["~re",${JSON.stringify(source)},${JSON.stringify(flags)},${lastIndex + 0}]`;
  return { form: leaf(text), prototype: RegExp.prototype, taken: (key) => key === "lastIndex" };
}

function bufferKind(buffer: ArrayBuffer): Kind {
  if (buffer.detached)
    throw new CannotEncode("it is an ArrayBuffer whose memory was given away (detached); copy it before");
  const max = buffer.resizable ? `,${buffer.maxByteLength}` : "";
  const text = `["~buf","${Buffer.from(buffer).toString("base64")}"${max}]`;
  return { form: leaf(text), prototype: ArrayBuffer.prototype, taken: nothing };
}

/**
 * A view is written with its whole buffer, so that views which share memory still do. Except a small `Buffer`: Node cuts
 * those from one pool of a few KiB, which holds bytes of others (secrets too), so only its own are written.
 */
function viewKind(view: ArrayBufferView<ArrayBufferLike>): Kind {
  const { buffer, byteLength } = view;
  const name = Buffer.isBuffer(view) ? "Buffer" : viewName(view);
  const prototype = name === "Buffer" ? Buffer.prototype : (VIEWS.get(name)!.prototype as object);
  if (name === "Buffer" && buffer.byteLength === Buffer.poolSize && byteLength < Buffer.poolSize) {
    const base64 = (view as Buffer).toString("base64");
    return { form: leaf(`["~bytes","${base64}"]`), prototype, taken: "all" };
  }
  if (!types.isSharedArrayBuffer(buffer) && buffer.resizable) {
    throw new CannotEncode(
      "it is a view of a resizable ArrayBuffer, which does not tell whether it grows with it; copy the bytes",
    );
  }
  const items = [buffer, view.byteOffset, types.isDataView(view) ? byteLength : (view as Uint8Array).length];
  const label = (i: number): string => [".buffer", ".byteOffset", ".length"][i]!;
  return {
    form: form({ open: `["~view",${JSON.stringify(name)}`, comma: true, items, close: "]", label }),
    prototype,
    // Each element is an own key, so looking for further names would cost more than the bytes. They are not kept.
    taken: "all",
  };
}

function viewName(view: ArrayBufferView<ArrayBufferLike>): string {
  if (types.isDataView(view)) return "DataView";
  const tag = Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    Symbol.toStringTag,
  )!;
  return Reflect.apply(tag.get!, view, []) as string;
}

/** Told by the class and by a getter that only works on the real thing. */
function isUrl(value: object): boolean {
  return value instanceof URL && canRead(() => value.href);
}

function isQuery(value: object): boolean {
  return value instanceof URLSearchParams && canRead(() => value.size);
}

function isDomException(value: object): boolean {
  return value instanceof DOMException && canRead(() => value.code);
}

function canRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** A URL shares its `searchParams`: changes of one show in the other. */
function urlKind(url: URL, writer: WriteContext): Kind {
  if (writer.has(url.searchParams)) {
    throw new CannotEncode("its searchParams are stored before it; keep the URL alone");
  }
  writer.own(url.searchParams, url);
  return { form: leaf(`["~url",${JSON.stringify(url.href)}]`), prototype: URL.prototype, taken: nothing };
}

function queryKind(query: URLSearchParams, writer: WriteContext): Kind {
  const owner = writer.ownerOf(query);
  const label = (): string => ".url";
  return {
    form:
      owner === undefined
        ? leaf(`["~query",${JSON.stringify(String(query))}]`)
        : form({ open: '["~params"', comma: true, items: [owner], close: "]", label }),
    prototype: URLSearchParams.prototype,
    taken: nothing,
  };
}

function boxedKind(boxed: object): Kind {
  const primitive = unboxed(boxed);
  const prototype = Object.getPrototypeOf(Object(primitive)) as object;
  const label = (): string => ".valueOf()";
  const isText = typeof primitive === "string";
  return {
    form: form({ open: '["~box"', comma: true, items: [primitive], close: "]", label }),
    prototype,
    taken: (key) => isText && (key === "length" || isIndex(key)),
  };
}

function unboxed(boxed: object): unknown {
  if (types.isNumberObject(boxed)) return Number.prototype.valueOf.call(boxed);
  if (types.isStringObject(boxed)) return String.prototype.valueOf.call(boxed);
  if (types.isBooleanObject(boxed)) return Boolean.prototype.valueOf.call(boxed);
  if (types.isBigIntObject(boxed)) return BigInt.prototype.valueOf.call(boxed);
  return Symbol.prototype.valueOf.call(boxed);
}

/** Beside the elements an `arguments` object has `length`, an iterator and, outside strict code, its callee. */
function argumentsKind(value: ArrayLike<unknown>): Kind {
  const items = Array.from(value);
  const taken = (key: string | symbol): boolean =>
    typeof key === "symbol"
      ? key === Symbol.iterator
      : key === "length" || key === "callee" || (isIndex(key) && Number(key) < items.length);
  const own = form({ open: '["~args"', comma: true, items, close: "]" });
  return { form: own, prototype: Object.prototype, taken };
}
