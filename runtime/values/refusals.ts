import { types } from "node:util";

/** Why an object of no known kind cannot be written, in the user's words. */
export function refusal(value: object): string {
  for (const [matches, reason] of REASONS) if (matches(value)) return reason;
  const tag = tagOf(value);
  const iterator = /^(Array|Map|Set|String|RegExp String|Segmenter String|Iterator Helper|Wrap)/.exec(tag);
  if (iterator !== null && tag.includes("Iterator")) {
    return `it is an iterator (${tag}), whose position is hidden; keep the collection and an index`;
  }
  const name = className(value);
  if (name === undefined)
    return "its prototype is neither of the language nor of a registered class; keep plain data";
  return (
    REASONS_BY_CLASS[name] ??
    `it is an instance of ${name}, a class that is not registered; ` +
      "return plain data, or export the class from a compiled module"
  );
}

const REASONS: readonly (readonly [(value: object) => boolean, string])[] = [
  [types.isPromise, "it is a promise of work that durablec does not know; await it, or start it as a step"],
  [types.isWeakMap, "it is a WeakMap, whose entries cannot be listed; keep a Map"],
  [types.isWeakSet, "it is a WeakSet, whose members cannot be listed; keep a Set"],
  [
    (value) => value instanceof WeakRef,
    "it is a WeakRef, which another process could not follow; keep the object itself",
  ],
  [types.isGeneratorObject, "it is a generator, whose position is hidden; keep what it gives in an array"],
  [
    types.isSharedArrayBuffer,
    "it is memory shared between threads; keep a copy: new Uint8Array(shared).slice()",
  ],
  [types.isModuleNamespaceObject, "it is a module; import it where it is used"],
  [types.isExternal, "it belongs to a native add-on; make it inside the step that uses it"],
];

/** Kinds people meet often, each with the way round. */
const REASONS_BY_CLASS: Readonly<Record<string, string>> = {
  Response:
    "it is a Response, bound to a connection; return what you need of it: status, headers, await r.json()",
  Request: "it is a Request, bound to a connection; keep its url, headers and body text",
  Headers: "it is a Headers object; keep Object.fromEntries(headers)",
  ReadableStream: "it is a stream, bound to this process; read it inside the step",
  Socket: "it is a network connection, bound to this process; open it inside the step",
  AbortSignal: "it is an AbortSignal, which belongs to this process; use createAbortController()",
  AbortController: "it is an AbortController, which belongs to this process; use createAbortController()",
  FinalizationRegistry:
    "it is a FinalizationRegistry, which belongs to this process; keep it at the top of a module",
  Timeout: "it is a timer of this process; use wait()",
  Immediate: "it is a timer of this process; use wait()",
  EventEmitter: "it is an EventEmitter, whose listeners are code; make it inside the step",
};

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function className(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const constructor: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || constructor.prototype !== prototype) return undefined;
  return constructor.name === "" ? undefined : constructor.name;
}

const privateByClass = new WeakMap<object, boolean>();

/**
 * True if the class, or one it extends, uses `#private` members. An instance made without its constructor has none, and
 * throws at the first use, so it must not be made. Private members cannot be listed, but their use is in the source:
 * `.#name` or `#name in`. A string that holds such text is taken for it too; the refusal then asks for hooks.
 */
export function hasPrivateState(constructor: object): boolean {
  let known = privateByClass.get(constructor);
  if (known === undefined) {
    const parent = Object.getPrototypeOf(constructor) as object | null;
    known =
      /\.\s*#[\p{ID_Start}$_]|#[\p{ID_Start}$_][\p{ID_Continue}$]*\s+in\s/u.test(
        Function.prototype.toString.call(constructor),
      ) ||
      (typeof parent === "function" && parent !== Function.prototype && hasPrivateState(parent));
    privateByClass.set(constructor, known);
  }
  return known;
}
