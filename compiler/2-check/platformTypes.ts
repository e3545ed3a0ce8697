/** What is known about the types of the language and of platforms, by name: whether the values codec writes them. */

/** Written and read back as they are; what they hold is looked at where they are generic. */
const STORABLE = new Set(
  `Date RegExp Map Set ReadonlyMap ReadonlySet Array ReadonlyArray ArrayLike Iterable Object Boolean Number String Symbol
  BigInt IArguments ArrayBuffer ArrayBufferLike DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
  Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array Buffer URL URLSearchParams
  DOMException TemplateStringsArray`.match(/\S+/g),
);

export interface Refusal {
  /** `a Response, which is bound to a connection` */
  readonly what: string;
  /** What to do instead, a sentence. */
  readonly way: string;
}

const IN_STEP = "Open it inside the step that uses it, and return plain data.";
const POSITION = "Keep the collection and an index, or use a for-of loop, which can be suspended.";

const REFUSALS: Readonly<Record<string, Refusal>> = {
  WeakMap: { what: "a WeakMap, whose entries cannot be listed", way: "Use a Map, or keep it in a step." },
  WeakSet: { what: "a WeakSet, whose members cannot be listed", way: "Use a Set, or keep it in a step." },
  WeakRef: {
    what: "a WeakRef, and what is garbage differs from process to process",
    way: "Hold the object itself.",
  },
  FinalizationRegistry: {
    what: "a FinalizationRegistry, and what is garbage differs from process to process",
    way: "Clean up in a finally block.",
  },
  Response: {
    what: "a Response, bound to a connection",
    way: "Return what you need of it from the step: its status, headers, await response.json().",
  },
  Request: { what: "a Request, bound to a connection", way: "Keep its url, headers and body text." },
  Headers: { what: "a Headers object", way: "Keep Object.fromEntries(headers)." },
  FormData: { what: "a FormData object", way: "Keep Object.fromEntries(formData)." },
  Blob: { what: "a Blob", way: "Keep its bytes: new Uint8Array(await blob.arrayBuffer())." },
  File: { what: "a File", way: "Keep its name and bytes." },
  SharedArrayBuffer: { what: "memory shared between threads", way: "Copy it into an ArrayBuffer." },
  AbortController: {
    what: "an AbortController, which belongs to this process",
    way: "Make one inside the step.",
  },
  AbortSignal: { what: "an AbortSignal, which belongs to this process", way: "Make one inside the step." },
  "NodeJS.Timeout": { what: "a timer of this process", way: "Use wait() of @durablec/runtime." },
  "NodeJS.Immediate": { what: "a timer of this process", way: "Use wait() of @durablec/runtime." },
  FileHandle: { what: "an open file", way: IN_STEP },
  Socket: { what: "a network connection, bound to this process", way: IN_STEP },
  EventEmitter: { what: "an EventEmitter, whose listeners are code", way: IN_STEP },
};

/** True if the codec knows the type by itself. */
export function isStorableName(name: string): boolean {
  return STORABLE.has(name);
}

/** Why a type of the language or a platform cannot be written, or null if nothing is known against it. */
export function findRefusal(name: string): Refusal | null {
  const known = REFUSALS[name] ?? REFUSALS[name.slice(name.lastIndexOf(".") + 1)];
  if (known !== undefined) return known;
  if (/Iterator(?:Object)?$|^IterableIterator$/.test(name))
    return { what: "an iterator, whose position is hidden", way: POSITION };
  if (/(?:Stream|Readable|Writable|Duplex|Transform|ReadStream|WriteStream|StreamReader)$/.test(name))
    return { what: "a stream, bound to this process", way: "Read it inside the step, and return its data." };
  return null;
}

/** One that durable code makes has its position in the open; any other keeps it to itself. */
export const FOREIGN_GENERATOR: Refusal = {
  what: "a generator that durable code did not make, whose position is hidden",
  way: 'Mark its function "use durable", if it is async, write it inside the durable function, or keep what it gives in an array.',
};

export function isGeneratorName(name: string): boolean {
  return /(?:^|\.)(?:Async)?Generator$/.test(name);
}

/** For any other class of a platform. */
export function toPlatformRefusal(name: string): Refusal {
  const article = /^[AEIOU]/i.test(name) ? "an" : "a";
  return {
    what: `${article} ${name}, which belongs to this process`,
    way: "Keep what you need of it as plain data.",
  };
}
