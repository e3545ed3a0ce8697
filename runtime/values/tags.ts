import { DecodeError, messageOf } from "../errors.ts";
import { FROZEN, LOAD, NOT_EXTENSIBLE, SEALED } from "./format.ts";
import { intrinsics } from "./intrinsics.ts";
import { Later, damaged, settled } from "./later.ts";
import { openBuiltinTag } from "./tags-builtin.ts";
import { standInFunction, standInPrototype } from "./standIns.ts";
import { applyProperties, isWholeNumber } from "./tags-own.ts";
import type { ReadContext } from "./tags-own.ts";

/** The value of a tagged node. Its parts are still raw; `context.walk` has them read. */
export function openTag(tag: string, items: unknown[], context: ReadContext): unknown {
  switch (tag) {
    case "~":
      items.shift();
      context.walk(items, 0, null);
      return items;
    case "~=":
      return context.recall(items[1]);
    case "~#":
      return openDefinition(items, context);
    case "~is":
      return openPrototyped(items, context);
    case "~of":
      return openOf(items, context);
    case "~own":
      return openOwn(items, context);
    case "~lock":
      return openLocked(items, context);
    case "~@":
      return openExtended(items, context);
    case "~load":
      return openLoaded(items, context);
    case "~fn":
      return knownOr(context, items[1], {
        kind: "function",
        value: context.setting.functions?.functionOf(textOf(items[1])),
      });
    case "~cls":
      return knownOr(context, items[1], {
        kind: "class",
        value: context.setting.classes?.classOf(textOf(items[1])),
      });
    case "~name":
      return named(items[1], context);
    case "~std":
      return found(intrinsics().at.get(textOf(items[1])), "builtin", items[1]);
    default:
      return openBuiltinTag(tag, items, context);
  }
}

function openDefinition(items: unknown[], context: ReadContext): unknown {
  const id = items[1];
  const inner = items[2];
  if (!isWholeNumber(id)) throw damaged("a definition has no number");
  // Registered before its parts are read, so that they can refer to it.
  const value = context.open(objectOf(inner));
  context.define(id, value);
  return value;
}

function openPrototyped(items: unknown[], context: ReadContext): unknown {
  const [, id, inner] = items;
  const known = id === null || isUnknown(id, context) ? null : (classOf(id, context).prototype as object);
  assertFresh(inner, ["~is", "~own", "~lock"]);
  const value = context.open(objectOf(inner));
  if (typeof value !== "object" || value === null || value instanceof Later) {
    throw damaged("a prototype is for something that has none");
  }
  const prototype = id === null || known !== null ? known : standInPrototype(textOf(id), value);
  // Of a registered class, never of the text's choosing.
  return Object.setPrototypeOf(value, prototype) as object;
}

function openOf(items: unknown[], context: ReadContext): unknown {
  const inner = objectOf(items[1]);
  if (items.length !== 3) throw damaged("an instance has no class");
  assertFresh(inner, ["~of", "~is"]);
  let target: unknown;
  const run = (): void => {
    const constructor = settled(items[2]) as object;
    // Of a class that this build's code made, never of the text's choosing.
    if (typeof constructor !== "function" || context.setting.classes?.isLocal?.(constructor) !== true)
      throw damaged("an instance has no class");
    Object.setPrototypeOf(settled(target) as object, constructor.prototype as object);
  };
  const job = { items, run, target: undefined as unknown };
  context.walk(items, 2, job);
  target = job.target = context.open(inner);
  assertObject(target);
  return target;
}

function openOwn(items: unknown[], context: ReadContext): unknown {
  const inner = objectOf(items[1]);
  if (items.length % 3 !== 2) throw damaged("a list of properties is cut off");
  assertFresh(inner, ["~own", "~lock"]);
  let target: unknown;
  const run = (): void => applyProperties(settled(target), items);
  const job = { items, run, isAfterInside: true, target: undefined as unknown };
  context.walk(items, 2, job);
  target = job.target = context.open(inner);
  assertObject(target);
  return target;
}

function openLocked(items: unknown[], context: ReadContext): unknown {
  const [, level, node] = items;
  const inner = objectOf(node);
  assertFresh(inner, ["~lock"]);
  let target: unknown;
  const run = (): void => lock(settled(target) as object, level);
  const job = { items: [], run, isAfterInside: true, target: undefined as unknown };
  context.walk([], 0, job);
  target = job.target = context.open(inner);
  assertObject(target);
  return target;
}

function lock(target: object, level: unknown): void {
  try {
    if (level === FROZEN) Object.freeze(target);
    else if (level === SEALED) Object.seal(target);
    else if (level === NOT_EXTENSIBLE) Object.preventExtensions(target);
    else throw damaged("a lock of no known kind");
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw damaged("something is locked that cannot be");
  }
}

function openExtended(items: unknown[], context: ReadContext): unknown {
  const tag = items[1];
  const extension = context.setting.extensions.find((candidate) => candidate.tag === tag);
  if (extension === undefined)
    throw new DecodeError(`Stored text needs ${shown(tag)}, which this version does not know.`);
  const parts = (): unknown[] => items.slice(2).map(settled);
  if (extension.early === true) {
    const value = extension.create([]);
    context.walk(items, 2, { items, run: () => extension.fill?.(value, parts()) });
    return value;
  }
  const later = new Later();
  context.walk(items, 2, { items, makes: later, run: () => later.set(extension.create(parts())) });
  return later;
}

function openLoaded(items: unknown[], context: ReadContext): unknown {
  if (isUnknown(items[1], context) && items.length === 3) {
    // What [durable.save] wrote is what there is to see.
    const saved = new Later();
    context.walk(items, 2, { items, makes: saved, run: () => saved.set(settled(items[2])) });
    return saved;
  }
  const constructor = classOf(items[1], context);
  const load = (constructor as { [LOAD]?: unknown })[LOAD];
  if (typeof load !== "function" || items.length !== 3) {
    throw new DecodeError(
      `Class ${shown(items[1])} has no static [durable.load] to read what [durable.save] wrote.`,
    );
  }
  const later = new Later();
  const run = (): void => {
    try {
      later.set(Reflect.apply(load, constructor, [settled(items[2])]));
    } catch (error) {
      // The author's code, and the business of who holds the instance: of nobody else.
      throw new DecodeError(`[durable.load] of class ${shown(items[1])} failed: ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
  context.walk(items, 2, { items, makes: later, isWhole: true, run });
  return later;
}

/** A class that this build lacks, in something that is only looked at. */
function isUnknown(id: unknown, { setting }: ReadContext): boolean {
  return setting.toLookAt && setting.classes?.classOf(textOf(id)) === undefined;
}

function knownOr(
  { setting }: ReadContext,
  name: unknown,
  { kind, value }: { readonly kind: string; readonly value: object | undefined },
): object {
  return value === undefined && setting.toLookAt ? standInFunction(textOf(name)) : found(value, kind, name);
}

function classOf(id: unknown, { setting }: ReadContext): { readonly prototype: unknown } {
  return found(setting.classes?.classOf(textOf(id)), "class", id) as { readonly prototype: unknown };
}

function named(name: unknown, { setting }: ReadContext): object | symbol {
  const value = setting.named?.valueOf(textOf(name));
  if (value !== undefined) return value;
  if (setting.toLookAt) return Symbol(textOf(name));
  const opaque = /^opaque (.*)$/.exec(String(name))?.[1];
  throw new DecodeError(
    opaque === undefined
      ? `Stored text needs the symbol ${shown(name)}, which this build does not have.`
      : `Stored text needs what opaque("${opaque}", ...) registers. Load the module that calls it before the engine opens.`,
  );
}

function found(value: object | undefined, kind: string, name: unknown): object {
  if (value === undefined) {
    throw new DecodeError(
      `Stored text needs the ${kind} ${shown(name)}, which is not registered in this build.`,
    );
  }
  return value;
}

/** What is not made by its own node. Text that could change it could change `Object.prototype`. */
const OTHERS = ["~#", "~=", "~std", "~name", "~fn", "~cls", "~load", "~params"];

/** A wrapper is around a node that makes a new object, and wrappers have one order. */
function assertFresh(node: unknown, wrappers: readonly string[]): void {
  const tag: unknown = Array.isArray(node) ? node[0] : undefined;
  if (OTHERS.includes(tag as string) || wrappers.includes(tag as string)) {
    throw damaged(`${String(tag)} is at the wrong place`);
  }
}

function assertObject(value: unknown): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    throw damaged("properties are on something that has none");
  }
}

function objectOf(node: unknown): object {
  if (typeof node !== "object" || node === null) throw damaged("an object is missing");
  return node;
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw damaged("a name is missing");
  return value;
}

function shown(name: unknown): string {
  return JSON.stringify(name)?.slice(0, 200) ?? "?";
}
