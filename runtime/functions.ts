/**
 * Functions and modules as values of durable code: those of a module are known by `path#name`, bound functions by what
 * they were bound from, namespaces of `import()` by their specifier. Emitted code announces them; states hold the names.
 */
import { DurableError } from "./errors.ts";
import type { Extension } from "./values/contract.ts";

type AnyFunction = (...args: never[]) => unknown;

/** By name: reads the binding, which may not be initialised yet while modules load each other. */
const bindings = new Map<string, () => unknown>();
/** Bindings that have not been seen to hold a function, or whose function is not noted. */
const unread = new Set<string>();
const names = new WeakMap<object, string>();

/** Says what a function of the module is called in stored states. */
export function named(name: string, read: () => unknown): void {
  bindings.set(name, read);
  unread.add(name);
}

export function nameOfBinding(fn: object): string | undefined {
  const known = names.get(fn);
  if (known !== undefined) return known;
  for (const name of unread) {
    const value = readBinding(name);
    if (typeof value !== "function") continue;
    unread.delete(name);
    if (!names.has(value)) names.set(value, name);
  }
  return names.get(fn);
}

/** Objects among them, with their names: each is told once. */
export function takeNamedObjects(): readonly (readonly [name: string, value: object])[] {
  const found: (readonly [string, object])[] = [];
  for (const name of unread) {
    const value = readBinding(name);
    if (typeof value !== "object" || value === null) continue;
    unread.delete(name);
    found.push([name, value]);
  }
  return found;
}

export function bindingOf(name: string): object | undefined {
  const value = readBinding(name);
  return typeof value === "function" ? value : undefined;
}

function readBinding(name: string): unknown {
  try {
    return bindings.get(name)?.();
  } catch {
    // In its temporal dead zone. Whoever has the function, has it from elsewhere.
    return undefined;
  }
}

const bounds = new WeakMap<object, readonly unknown[]>();

/** In `f.bind(...)`: stands for `f`, so that what comes of it can be written. Whatever else has a `bind` stays itself. */
export function bindable(target: unknown): unknown {
  if (typeof target !== "function" || target.bind !== Function.prototype.bind) return target;
  return {
    bind(...args: readonly unknown[]): unknown {
      return bindNoted(target as AnyFunction, args);
    },
  };
}

function bindNoted(target: AnyFunction, args: readonly unknown[]): object {
  const bound = Reflect.apply(Function.prototype.bind, target, args) as object;
  bounds.set(bound, [target, ...args]);
  return bound;
}

/** What a bound function calls. */
export function targetOfBound(fn: object): object | undefined {
  return bounds.get(fn)?.[0] as object | undefined;
}

export const boundFunctions: Extension = {
  tag: "bf",
  matches: (value) => bounds.has(value),
  write: (value) => bounds.get(value) ?? [],
  create: ([target, ...args]) => bindNoted(target as AnyFunction, args),
};

interface Loaded {
  readonly importer: string;
  readonly specifier: string;
}

type Load = (specifier: string) => Promise<object>;

const loads = new Map<string, Load>();
const loadedFrom = new WeakMap<object, Loaded>();
const namespaces = new Map<string, object>();

/** The code of an `import()`. `importer` is the module it stands in, to which a specifier is relative. */
export function importer(name: string, load: Load): Load {
  loads.set(name, load);
  return (specifier) => {
    const promise = load(specifier);
    // Beside the promise, not after it: whoever awaits it has it at the same moment as without us.
    void promise.then(
      (namespace) => note(namespace, { importer: name, specifier: String(specifier) }),
      () => undefined,
    );
    return promise;
  };
}

function note(namespace: object, from: Loaded): void {
  if (!loadedFrom.has(namespace)) loadedFrom.set(namespace, from);
  namespaces.set(toKey(from), namespace);
  for (const key of Object.keys(namespace)) {
    const value: unknown = Reflect.get(namespace, key);
    if (typeof value === "function" && !exportsOf.has(value)) exportsOf.set(value, [namespace, key]);
  }
}

/** Functions of such modules: the module, and the name there. */
const exportsOf = new WeakMap<object, readonly [namespace: object, key: string]>();

export const importedFunctions: Extension = {
  tag: "mf",
  matches: (value) => exportsOf.has(value),
  write: (value) => exportsOf.get(value) ?? [],
  create: ([namespace, key]) => {
    const value: unknown = Reflect.get(namespace as object, String(key));
    if (typeof value !== "function")
      throw new DurableError(`The module has no function ${String(key)} any more.`);
    return value;
  },
};

function toKey({ importer: name, specifier }: Loaded): string {
  return JSON.stringify([name, specifier]);
}

/** A state holds a module that this process has not imported yet. `load` imports it; then the state can be read. */
export class ModuleNeededError extends DurableError {
  private readonly from: Loaded;

  constructor(from: Loaded) {
    super(`The state needs the module ${from.specifier}, which ${from.importer} imports.`);
    this.from = from;
  }

  async load(): Promise<void> {
    const load = loads.get(this.from.importer);
    if (load === undefined) throw this;
    note(await load(this.from.specifier), this.from);
  }
}

export const importedModules: Extension = {
  tag: "m",
  matches: (value) => loadedFrom.has(value),
  write: (value) => {
    const from = loadedFrom.get(value);
    return from === undefined ? [] : [from.importer, from.specifier];
  },
  create: ([name, specifier]) => {
    const from: Loaded = { importer: String(name), specifier: String(specifier) };
    const namespace = namespaces.get(toKey(from));
    if (namespace === undefined) throw new ModuleNeededError(from);
    return namespace;
  },
};
