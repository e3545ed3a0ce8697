import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { DurableFunction } from "@durablec/runtime";
import { manifestName, type Manifest, type ManifestFunction } from "../compiler/5-write/manifest.ts";
import { EXIT, Trouble } from "./exit.ts";
import type { Io } from "./io.ts";
import { parseJson } from "./parseJson.ts";

/** A durable function of a built module, as the engine takes it. */
export async function importFunction(module: string, name: string): Promise<DurableFunction<unknown>> {
  const exported = (await importModule(module))[name];
  if (typeof exported === "function") return exported as DurableFunction<unknown>;
  throw new Trouble(
    `${module} exports no function "${name}".`,
    "Export it from its file: only what is exported can be started from outside.",
  );
}

/** Everything that modules export, for an engine to pick the durable functions from. */
export async function importAll(modules: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const loaded = await Promise.all(modules.map(importModule));
  const named = loaded.flatMap((exports, index) =>
    Object.entries(exports).map(([name, value]) => [`${modules[index]}#${name}`, value] as const),
  );
  return Object.fromEntries(named);
}

/** Absolute paths of the modules that hold durable functions. A build is named by its folder or its manifest. */
export function findModules(paths: readonly string[], io: Io): readonly string[] {
  return [...new Set(paths.flatMap((path) => findModulesOf(resolve(io.cwd, path))))];
}

function findModulesOf(path: string): string[] {
  if (!existsSync(path))
    throw new Trouble(`There is no ${path}.`, "Build the project first: durablec build.");
  const manifest = statSync(path).isDirectory() ? join(path, manifestName) : path;
  if (basename(manifest) !== manifestName) return [path];
  const { functions } = readManifest(manifest);
  if (functions.length > 0) return functions.map(({ module }) => join(dirname(manifest), module));
  throw new Trouble(
    `${manifest} lists no durable function.`,
    'Mark one "use durable", export it, and build again.',
  );
}

/** What the manifest of a built module's build says of a function: the function, then the durable closures in it. */
export function findListed(module: string, name: string): readonly ManifestFunction[] {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const path = join(folder, manifestName);
    if (existsSync(path)) {
      const listed = readManifest(path).functions.filter((one) => join(folder, one.module) === module);
      const root = listed.find((one) => one.name === name);
      if (root !== undefined)
        return listed.filter(({ id }) => id === root.id || id.startsWith(`${root.id}.`));
      throw new Trouble(
        `${path} lists no durable function "${name}" of ${module}.`,
        "Build again: durablec build.",
      );
    }
    if (folder === dirname(folder))
      throw new Trouble(
        `${module} is not part of a build: there is no ${manifestName} above it.`,
        "Name a source.",
      );
  }
}

function readManifest(path: string): Manifest {
  if (!existsSync(path))
    throw new Trouble(`There is no ${path}.`, "Run durablec build, and name the folder that it wrote to.");
  const manifest = parseJson(readFileSync(path, "utf8"), path) as Partial<Manifest>;
  if (manifest.version === 1 && manifest.functions !== undefined) return manifest as Manifest;
  throw new Trouble(
    `${path} is of another version than this durablec reads.`,
    "Build again: durablec build.",
  );
}

/** Errors of the module's own are the author's: shown with their stack, which source maps lead back to the source. */
async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  process.setSourceMapsEnabled(true);
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Trouble(
      `${path} cannot be loaded: ${reason}`,
      "The error comes from the module itself.",
      EXIT.failed,
    );
  }
}
