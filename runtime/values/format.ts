/**
 * The stored form of values.
 *
 * **Plain form.** A tree of plain data is its JSON text, nothing else: readable in any database tool. JSON never starts
 * with `~`.
 *
 * **Graph form.** `~1` and a JSON text. Objects nest where they are first met, so that a text that grows at one place
 * stays as it is before that place, and snapshots share chunks. (A table of numbered nodes was rejected: one node more
 * in the middle renumbers all that follow.) Within it:
 *
 * | JSON                                | value                                                                |
 * |-------------------------------------|----------------------------------------------------------------------|
 * | null, boolean, number, string       | itself                                                               |
 * | `{...}`                             | an object with ordinary properties                                   |
 * | `[...]`                             | a dense array, unless it starts with a string that starts with `~`   |
 * | `["~", ...]`                        | a dense array that would look like a tag                             |
 * | `["~#", id, node]`                  | a node that is referred to; ids are numbered by first reference      |
 * | `["~=", id]`                        | the node with that id, whose definition started earlier in the text  |
 * | `["~u"]` `["~nan"]` ...             | undefined, NaN, -0 (`~-0`), `~inf`, `~-inf`                          |
 * | `["~big", hex]`                     | a bigint                                                             |
 * | `["~date", ms or null]`             | a Date                                                               |
 * | `["~re", source, flags, lastIndex]` | a RegExp                                                             |
 * | `["~map", k, v, ...]` `["~set", ...]`| Map and Set in their order                                          |
 * | `["~buf", base64, max?]`            | an ArrayBuffer, resizable if `max` is there                          |
 * | `["~view", name, buf, offset, len]` | a typed array, DataView or Buffer                                    |
 * | `["~bytes", base64]`                | a Buffer that was a piece of Node's shared pool                      |
 * | `["~url", href]` `["~query", text]` | URL, URLSearchParams; `["~params", url]` is a URL's own              |
 * | `["~err", name, stack or null]`     | an error with that standard prototype                                |
 * | `["~dom", message, name, stack]`    | a DOMException                                                       |
 * | `["~box", primitive]`               | a boxed primitive                                                    |
 * | `["~arr", length, i, v, ...]`       | an array with holes                                                  |
 * | `["~args", ...]`                    | an `arguments` object                                                |
 * | `["~sym", name]` `["~for", key]`    | well-known and registered symbols                                    |
 * | `["~local", description or null]`   | a symbol of its own                                                  |
 * | `["~name", name]`                   | a module's symbol, or what `opaque` has registered                   |
 * | `["~std", path]`                    | something of the language itself: `Math.max`                         |
 * | `["~fn", name]` `["~cls", id]`      | a function, a class of the registries                                |
 * | `["~load", class, data]`            | an instance written by `[durable.save]`                              |
 * | `["~@", tag, ...]`                  | an extension's object and its parts                                  |
 * | `["~is", class or null, node]`      | the node with the prototype of a class, or none                      |
 * | `["~of", node, class]`              | the node with the prototype of a class that is itself a node         |
 * | `["~own", node, key, flags, v, ...]`| own properties: 1 enumerable, 2 writable, 4 configurable             |
 * | `["~lock", level, node]`            | 1 not extensible, 2 sealed, 3 frozen                                 |
 */
export const GRAPH_MARK = "~1";

export const DEPTH_MAX = 10_000;
export const LENGTH_MAX = 256 * 1024 * 1024;

/** Property flags of `~own`. */
export const ENUMERABLE = 1;
export const WRITABLE = 2;
export const CONFIGURABLE = 4;
export const ORDINARY = ENUMERABLE | WRITABLE | CONFIGURABLE;

/** Levels of `~lock`. */
export const EXTENSIBLE = 0;
export const NOT_EXTENSIBLE = 1;
export const SEALED = 2;
export const FROZEN = 3;

/** Hooks of a class that writes itself: `[SAVE]()` on the instance gives data, static `[LOAD](data)` the instance. */
export const SAVE: unique symbol = Symbol.for("durablec.save");
export const LOAD: unique symbol = Symbol.for("durablec.load");

export const VIEWS: ReadonlyMap<string, ViewConstructor> = new Map(findViews());

export type ViewConstructor = new (buffer: ArrayBuffer, offset: number, length?: number) => ArrayBufferView;

function findViews(): [string, ViewConstructor][] {
  const names = [
    ...[
      "Int8Array",
      "Uint8Array",
      "Uint8ClampedArray",
      "Int16Array",
      "Uint16Array",
      "Int32Array",
      "Uint32Array",
    ],
    ...["BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array", "DataView"],
  ];
  const all: [string, ViewConstructor][] = [];
  for (const name of names) {
    // Float16Array is missing before Node 24.
    const found: unknown = Reflect.get(globalThis, name);
    if (typeof found === "function") all.push([name, found as ViewConstructor]);
  }
  return all;
}
