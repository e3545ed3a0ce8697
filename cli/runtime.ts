import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Engine } from "@durablec/runtime";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";
import { keyFileOption, readKeys, type KeyArgs } from "./keys.ts";

export type Runtime = typeof import("@durablec/runtime");

export const defaultStore = ".durable/durable.db";

/**
 * The runtime that code in `folder` gets when it imports `@durablec/runtime`. It has to be that very copy: compiled
 * modules announce their machines to the copy they import, and an engine of another copy would know none of them.
 */
export async function loadRuntime(folder: string): Promise<Runtime> {
  const path = findRuntime(folder);
  return (await import(path === null ? "@durablec/runtime" : pathToFileURL(path).href)) as Runtime;
}

/** Path of that copy's entry; null where code in `folder` has none, and the copy beside the CLI has to do. */
export function findRuntime(folder: string): string | null {
  try {
    return createRequire(join(folder, "resolve.js")).resolve("@durablec/runtime");
  } catch {
    return null;
  }
}

export interface StoreArgs extends KeyArgs {
  readonly store: string;
}

/** The store's address; of a file, with an absolute path, whose folder is made if it is not there. */
export function toStore({ store }: StoreArgs, io: Io): string {
  if (store === "memory:" || isServer(store)) return store;
  const path = toPath(store, io);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

function isServer(store: string): boolean {
  return /^postgres(ql)?:/.test(store);
}

function toPath(store: string, io: Io): string {
  return resolve(io.cwd, store.replace(/^sqlite:/, ""));
}

/**
 * Opens a store to look and to settle, not to run anything, and closes it whatever happens. A file must be there: a
 * mistyped path must not become a new, empty database.
 */
export async function withClient<T>(
  args: StoreArgs,
  io: Io,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const store = toExistingStore(args, io);
  const { open } = await loadRuntime(io.cwd);
  const engine = await open({ store, functions: [], worker: false, ...readKeys(args, io) });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** A file that is not there is refused. */
export function toExistingStore({ store }: StoreArgs, io: Io): string {
  if (isServer(store)) return store;
  const path = toPath(store, io);
  if (store !== "memory:" && existsSync(path)) return path;
  throw new Trouble(
    `There is no store at ${store === "memory:" ? store : path}.`,
    "Name the file that the worker writes with --store.",
  );
}

/** `--store` and `--key-file`, the same for every command that opens a store. */
export const storeOptions = {
  store: {
    type: "string",
    default: defaultStore,
    describe: "SQLite file, or postgres://..., that holds the executions",
  },
  "key-file": keyFileOption,
} as const;
