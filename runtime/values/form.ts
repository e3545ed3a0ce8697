import type { ClassRegistry, Extension, FunctionRegistry, NamedRegistry } from "./contract.ts";
import { EXTENSIBLE } from "./format.ts";

/** What the codec was made with, defaults filled in. */
export interface Setting {
  readonly extensions: readonly Extension[];
  readonly classes: ClassRegistry | undefined;
  readonly functions: FunctionRegistry | undefined;
  readonly named: NamedRegistry | undefined;
  readonly toLookAt: boolean;
  readonly depthMax: number;
  readonly lengthMax: number;
}

/** What a form may ask of the writer. */
export interface WriteContext {
  readonly setting: Setting;
  /** True if the object has been met in this graph. */
  has(value: object): boolean;
  /** Makes `value`, when it is met later, the "own search parameters" of `owner`. */
  own(value: object, owner: object): void;
  /** Whose own search parameters it is. */
  ownerOf(value: object): object | undefined;
}

/** How an object is written: `open`, then `items` with commas between, then `close`; then `next`, if there is more. */
export interface Form {
  readonly open: string;
  /** A comma before the first item too: `open` ends in a tag. */
  readonly comma: boolean;
  readonly items: readonly unknown[];
  /** Of a record: the keys of `items`. */
  readonly keys: readonly string[] | null;
  readonly close: string;
  readonly next: Form | null;
  /** Made only after its parts: they cannot need it to exist. */
  readonly late: "extension" | "load" | null;
  /** The step from the object to an item in the path that an error shows; null: its key, or else its index. */
  readonly label: ((index: number) => string) | null;
}

/** A builtin kind's own form, before prototype, further properties and locks. */
export interface Kind {
  readonly form: Form;
  /** The prototype the reader gives it by itself. */
  readonly prototype: object;
  /** Own keys that the form has taken care of. "all": it has no others that are kept. */
  readonly taken: "all" | ((key: string | symbol) => boolean);
}

interface Wrapping {
  readonly wrap: string;
  readonly level: number;
  /** key, flags, value, key, flags, value... */
  readonly list: readonly unknown[];
}

/** Puts prototype, further own properties and lock around a form. */
export function enclose(inner: Form, { wrap, level, list }: Wrapping): Form {
  const lock = level === EXTENSIBLE ? "" : `["~lock",${level},`;
  const lockEnd = lock === "" ? "" : "]";
  const innerEnd = wrap === "" ? "" : "]";
  const close = inner.close + innerEnd;
  if (list.length === 0) return { ...inner, open: lock + wrap + inner.open, close: close + lockEnd };
  const label = (i: number): string => keyLabel(list[i - (i % 3)] as string | symbol);
  const next = form({ open: "", comma: true, items: list, close: "]" + lockEnd, label });
  return { ...inner, open: `${lock}["~own",${wrap}${inner.open}`, close, next };
}

/** The object of `inner`, with the prototype of a class that is a value of the graph itself. */
export function ofClass(inner: Form, constructor: object): Form {
  const last = form({ open: "", comma: true, items: [constructor], close: "]" });
  return { ...append(inner, last), open: `["~of",${inner.open}` };
}

function append(first: Form, last: Form): Form {
  return { ...first, next: first.next === null ? last : append(first.next, last) };
}

type FormParts = Pick<Form, "open" | "items" | "close"> & Partial<Form>;

export function form(parts: FormParts): Form {
  // Spelt out: the spread of an object costs more than the rest of writing a small one.
  return {
    open: parts.open,
    comma: parts.comma ?? false,
    items: parts.items,
    keys: parts.keys ?? null,
    close: parts.close,
    next: null,
    late: parts.late ?? null,
    label: parts.label ?? null,
  };
}

const NOTHING: readonly unknown[] = [];

export function leaf(text: string): Form {
  return form({ open: text, items: NOTHING, close: "" });
}

/** What stands in a path for the item that `form` is at. */
export function labelOf({ label, keys }: Form, index: number): string {
  if (label !== null) return label(index);
  return keys === null ? `[${index}]` : keyLabel(keys[index]);
}

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

export function keyLabel(key: string | symbol | undefined): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return key !== undefined && NAME.test(key) ? "." + key : `[${JSON.stringify(key)}]`;
}
