import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { DurableFunction } from "@durablec/runtime";
import { manifestName, type Manifest, type ManifestFunction } from "../compiler/5-write/manifest.ts";
import { EXIT, Trouble } from "./exit.ts";
import type { Io } from "./io.ts";
import { parseJson } from "./parseJson.ts";

/** A durable function of a built module, as the engine takes it. */
export async function importFunction(module: string, name: string): Promise<DurableFunction> {
  const exported = (await importModule(module))[name];
  if (typeof exported === "function") return exported as DurableFunction;
  throw new Trouble(
    `${module} exports no function "${name}".`,
    "Export it from its file: only what is exported can be started from outside.",
  );
}

/** All durable functions that the named builds export. A build is named by its manifest, its folder or a module of it. */
export async function importBuilt(paths: readonly string[], io: Io): Promise<readonly DurableFunction[]> {
  const builds = paths.map((path) => findBuild(resolve(io.cwd, path)));
  const functions = await Promise.all(
    builds.flatMap((build) => build.functions.map((one) => importListed(build, one))),
  );
  return [...new Set(functions.flat())];
}

interface Build {
  readonly folder: string;
  readonly functions: readonly ManifestFunction[];
}

async function importListed(
  { folder }: Build,
  { module, exported }: ManifestFunction,
): Promise<DurableFunction[]> {
  return exported === null ? [] : [await importFunction(join(folder, module), exported)];
}

function findBuild(path: string): Build {
  if (!existsSync(path))
    throw new Trouble(`There is no ${path}.`, "Build the project first: durablec build.");
  if (statSync(path).isDirectory()) return readBuild(join(path, manifestName), () => true);
  if (basename(path) === manifestName) return readBuild(path, () => true);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const module = relative(folder, path).split(sep).join("/");
    const manifest = join(folder, manifestName);
    if (existsSync(manifest)) return readBuild(manifest, (one) => one.module === module);
    if (folder === dirname(folder)) throw new Trouble(`${path} is not part of a build.`, noManifest);
  }
}

function readBuild(path: string, wanted: (one: ManifestFunction) => boolean): Build {
  if (!existsSync(path)) throw new Trouble(`There is no ${path}.`, noManifest);
  const manifest = parseJson(readFileSync(path, "utf8"), path) as Partial<Manifest>;
  if (manifest.version !== 1 || !manifest.functions)
    throw new Trouble(
      `${path} has another version than this durablec reads.`,
      "Build again: durablec build.",
    );
  return { folder: dirname(path), functions: manifest.functions.filter(wanted) };
}

const noManifest = `A build has a ${manifestName}: run durablec build, and name its output folder.`;

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
