/**
 * Classes that durable code makes. One is stored like a closure: the id of its code, and what its factory was given; its
 * own properties (static fields) come with it. An instance is stored with its class.
 */
import { noteClosure, type ClosureRecord } from "./registry.ts";
import type { Extension } from "./values/contract.ts";

type Constructor = abstract new (...args: never[]) => object;
type ClassFactory = (live: boolean, ...captures: never[]) => Constructor;

const factories = new Map<string, ClassFactory>();
/** What the class's own text made: methods and accessors, which its factory makes again. */
const members = new WeakMap<object, ReadonlySet<PropertyKey>>();
const memberOf = new WeakMap<object, readonly [owner: object, isStatic: boolean, key: PropertyKey]>();

/** Registers the code of a class; `factory` runs its static initialisers only where it is told that it is live. */
export function klass(id: string, factory: ClassFactory): (...captures: never[]) => Constructor {
  factories.set(id, factory);
  return (...captures) => make(factory, true, { id, captures });
}

/** Makes a stored class again; undefined when this build has no class of that id. */
export function makeClass(record: ClosureRecord): Constructor | undefined {
  const factory = factories.get(record.id);
  return factory === undefined ? undefined : make(factory, false, record);
}

function make(factory: ClassFactory, live: boolean, record: ClosureRecord): Constructor {
  const made = factory(live, ...(record.captures as never[]));
  noteClosure(made, record);
  members.set(made, new Set(noteMembers(made, made, true)));
  noteMembers(made, made.prototype as object, false);
  return made;
}

function noteMembers(owner: object, holder: object, isStatic: boolean): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (const key of Reflect.ownKeys(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, key);
    // Methods and accessors are not enumerable; fields are.
    if (
      property === undefined ||
      property.enumerable === true ||
      key === "constructor" ||
      key === "prototype"
    )
      continue;
    keys.push(key);
    const { value } = property;
    if (typeof value === "function") memberOf.set(value as object, [owner, isStatic, key]);
  }
  return keys;
}

/** True for a class that durable code made. */
export function isInnerClass(value: object): boolean {
  return members.has(value);
}

export function isInnerMember(owner: object, key: PropertyKey): boolean {
  return members.get(owner)?.has(key) === true;
}

export const innerMembers: Extension = {
  tag: "cm",
  matches: (value) => memberOf.has(value),
  write: (value) => [...(memberOf.get(value) ?? [])],
  create: ([owner, isStatic, key]) => {
    const holder = isStatic === true ? (owner as object) : ((owner as Constructor).prototype as object);
    return Object.getOwnPropertyDescriptor(holder, key as PropertyKey)?.value as object;
  },
};
