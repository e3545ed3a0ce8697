/**
 * Values that a state holds by name alone: symbols at the top of compiled modules, and what a service registers with
 * `opaque`. One registry a process; the last one of a name wins, so that a module loaded again replaces itself.
 */
import { OperationArgumentError } from "./arguments.ts";
import { takeNamedObjects } from "./functions.ts";
import type { NamedRegistry } from "./values/contract.ts";

const names = new WeakMap<WeakKey, string>();
const values = new Map<string, object | symbol>();
const counts = { objects: 0 };

/** Of compiled code: a symbol of its module. */
export function registerValue<T extends object | symbol>(name: string, value: T): T {
  names.set(value, name);
  values.set(name, value);
  if (typeof value !== "symbol") counts.objects++;
  return value;
}

/** The type of what `opaque` gives: it may be held across a checkpoint. */
export type Opaque<T> = T & { readonly [OPAQUE]?: true };

declare const OPAQUE: unique symbol;

/**
 * Registers something that lives as long as the process and cannot be written: a client, a pool, a logger. A durable
 * function may then hold it in a variable or hand it on: the state has its name, and a restart finds what the new process
 * has registered under it. Call it at the top of a module, with a name that no deploy changes. Returns the value.
 *
 *     export const db = opaque("db", new Client(url));
 */
export function opaque<T extends object>(name: string, value: T): Opaque<T> {
  if (typeof name !== "string" || name === "") {
    throw new OperationArgumentError(
      'The name of opaque(name, value) is a text that stays the same: opaque("db", db).',
    );
  }
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    throw new OperationArgumentError(
      `opaque("${name}", value) is for objects and functions; other values are written as they are.`,
    );
  }
  return registerValue(`opaque ${name}`, value);
}

const ownSymbols = new WeakSet<WeakKey>();

function own(symbol: symbol): symbol {
  ownSymbols.add(symbol);
  return symbol;
}

/** `Symbol(...)` in durable code: only the state has it. */
export function symbol(description?: string | number): symbol {
  return own(Symbol(description));
}

/** Those that emitted code has announced since. One that a service has a name for already keeps it. */
function takeObjects(): void {
  for (const [name, value] of takeNamedObjects()) {
    const known = names.get(value);
    registerValue(`module ${name}`, value);
    if (known !== undefined) names.set(value, known);
  }
}

/** For results: what they hold is read from text on the first run too, so any symbol will do. */
export const namedResults: NamedRegistry = {
  nameOf: (value) => names.get(value),
  valueOf(name) {
    takeObjects();
    return values.get(name);
  },
  own,
  isOwn: () => true,
  hasObjects() {
    takeObjects();
    return counts.objects > 0;
  },
};

/** For states. */
export const namedRegistry: NamedRegistry = { ...namedResults, isOwn: (symbol) => ownSymbols.has(symbol) };
