/**
 * What compiled modules announce while they load: machines, closures, durable functions, classes. One registry a
 * process, because identities (`path#name`) are global; it only grows, and saying the same thing twice is harmless.
 */
import { createHash } from "node:crypto";
import type { MachineDefinition, Slots } from "./contract.ts";
import { VOCABULARY } from "./contract.ts";
import { DurableError } from "./errors.ts";
import { toGeneratorFunction } from "./generatorFunctions.ts";
import { bindingOf, nameOfBinding, targetOfBound } from "./functions.ts";
import { Stamp } from "./stamp.ts";

/** A compiled function needs a newer runtime than this one. */
export class VocabularyError extends DurableError {}

type AnyFunction = (...args: never[]) => unknown;
export type ClosureFactory = (...captures: never[]) => AnyFunction;
export type Constructor = abstract new (...args: never[]) => object;

/** A closure's origin: enough to make it again. */
export interface ClosureRecord {
  readonly id: string;
  readonly captures: readonly unknown[];
}

/** On each closure that durable code makes. */
class Closure extends Stamp {
  #record: ClosureRecord;
  private constructor(made: object, record: ClosureRecord) {
    super(made);
    this.#record = record;
  }
  static note(made: object, record: ClosureRecord): void {
    if (#record in made) made.#record = record;
    else new Closure(made, record);
  }
  static of(made: object): ClosureRecord | undefined {
    return #record in made ? made.#record : undefined;
  }
}

const machines = new Map<string, MachineDefinition>();
const factories = new Map<string, ClosureFactory>();
const durables = new WeakMap<object, MachineDefinition>();
const durableByMachine = new WeakMap<MachineDefinition, AnyFunction>();
const durableByName = new Map<string, AnyFunction>();
const classIds = new WeakMap<object, string>();
const classesById = new Map<string, Constructor>();
const memberNames = new WeakMap<object, string>();
const membersByName = new Map<string, object>();
const operations = new WeakSet<object>();

/** Registers a machine; the last one wins, so that a module loaded again (tests, hot reload) replaces itself. */
export function machine<const D extends MachineDefinition>(definition: D): D {
  if (definition.vocabulary > VOCABULARY) {
    throw new VocabularyError(
      `${definition.id} was compiled for machine vocabulary ${definition.vocabulary}, and this @durablec/runtime speaks ` +
        `${VOCABULARY}. Upgrade @durablec/runtime in this service to the version of the durablec that built it.`,
    );
  }
  machines.set(definition.id, definition);
  return definition;
}

/** Names what is registered now: another name means other code, which may fit where this does not. */
export function buildName(): string {
  const code = [...machines.values()].map(({ id, hash }) => `machine ${id} ${hash}`);
  for (const id of factories.keys()) code.push(`closure ${id}`);
  for (const id of classesById.keys()) code.push(`class ${id}`);
  return createHash("sha256").update(code.sort().join("\n")).digest("hex").slice(0, 16);
}

export function findMachine(id: string): MachineDefinition | undefined {
  return machines.get(id);
}

/** Registers the code of a closure and returns the maker that emitted code calls. */
export function closure<F extends ClosureFactory>(id: string, factory: F): F {
  factories.set(id, factory);
  const make = (...captures: never[]): AnyFunction => {
    const made = factory(...captures);
    Closure.note(made, { id, captures });
    return made;
  };
  return make as F;
}

export function noteClosure(made: object, record: ClosureRecord): void {
  Closure.note(made, record);
}

export function findClosure(fn: object): ClosureRecord | undefined {
  return Closure.of(fn);
}

/** Makes a stored closure again; undefined when this build has no code of that id. */
export function makeClosure({ id, captures }: ClosureRecord): AnyFunction | undefined {
  const factory = factories.get(id);
  if (factory === undefined) return undefined;
  const made = factory(...(captures as never[]));
  Closure.note(made, { id, captures });
  return made;
}

/** Says that `fn` is the durable function of `definition`. */
export function durable<F extends AnyFunction>(fn: F, definition: MachineDefinition): F {
  durables.set(fn, definition);
  durableByMachine.set(definition, fn);
  const { generator } = definition;
  // A declaration, which is hoisted, is a plain function until here.
  if (generator !== undefined && Object.getPrototypeOf(fn) === Function.prototype)
    toGeneratorFunction(fn, generator);
  if (definition.enter !== undefined) durableByName.set(definition.id, fn);
  return fn;
}

/** The durable function of a machine that is no closure's. */
export function durableOf(definition: MachineDefinition): AnyFunction | undefined {
  return durableByMachine.get(definition);
}

export function findDurable(fn: object): MachineDefinition | undefined {
  const target = targetOfBound(fn);
  return target === undefined ? durables.get(fn) : findDurable(target);
}

/** Marks the runtime's own operations, so that a dynamic call tells them from functions that become steps. */
export function operation<F extends object>(fn: F): F {
  operations.add(fn);
  return fn;
}

export function isOperation(fn: object): boolean {
  return operations.has(fn);
}

/** Registers a class: its instances may be written, and it and its methods as values (`o.m` before an await). */
export function registerClass<C extends Constructor>(id: string, constructor: C): C {
  classIds.set(constructor, id);
  classesById.set(id, constructor);
  nameMembers(constructor, `class ${id} static `);
  nameMembers(constructor.prototype as object, `class ${id} method `);
  return constructor;
}

/** Accessors have no name: reading them would run code. */
function nameMembers(holder: object, prefix: string): void {
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (typeof value !== "function" || key === "constructor" || key === "prototype") continue;
    memberNames.set(value as object, prefix + key);
    membersByName.set(prefix + key, value as object);
  }
}

export const classRegistry = {
  idOf: (constructor: object) => classIds.get(constructor),
  classOf: (id: string) => classesById.get(id),
};

/** Functions as values: durable functions, registered classes, their methods, functions of modules. */
export const functionRegistry = {
  nameOf(fn: object): string | undefined {
    const classId = classIds.get(fn);
    if (classId !== undefined) return `class ${classId}`;
    const definition = durables.get(fn);
    const isTopLevel = definition !== undefined && durableByName.get(definition.id) === fn;
    return isTopLevel ? definition.id : (memberNames.get(fn) ?? nameOfBinding(fn));
  },
  functionOf(name: string): object | undefined {
    const member = membersByName.get(name);
    if (member !== undefined) return member;
    if (!name.startsWith("class ")) return durableByName.get(name) ?? bindingOf(name);
    return classesById.get(name.slice("class ".length));
  },
};

/** A frame's slots as written: the values of its live slots, in the order of the checkpoint's table. */
export function liveSlots(definition: MachineDefinition, pc: number, slots: Slots): unknown[] {
  return (definition.checkpoints[pc]?.live ?? []).map((name) => slots[name]);
}
