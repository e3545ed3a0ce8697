import { existsSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { Trouble } from "./exit.ts";
import type { Io } from "./io.ts";

/** `FILE#FN` as typed. */
export interface Target {
  /** Absolute path of a file that exists. */
  readonly file: string;
  /** Name of the durable function. */
  readonly name: string;
  /** A TypeScript source is built first; anything else is imported as it stands. */
  readonly isSource: boolean;
}

export function toTarget(text: string, io: Io): Target {
  // The first: a method of instances is `Orders#fulfil`.
  const at = text.indexOf("#");
  if (at <= 0 || at === text.length - 1)
    throw new Trouble(
      `"${text}" does not name a function.`,
      "Write FILE#FUNCTION, for example src/fulfil.ts#fulfil.",
    );
  const file = resolve(io.cwd, text.slice(0, at));
  if (!existsSync(file))
    throw new Trouble(`There is no file ${file}.`, "Paths are relative to the current folder.");
  return { file, name: text.slice(at + 1), isSource: /^\.[cm]?tsx?$/.test(extname(file)) };
}

/** The `tsconfig.json` that was named, or the nearest one from `start` upwards. */
export function findTsconfig(project: string | undefined, start: string, io: Io): string {
  if (project !== undefined) return namedTsconfig(resolve(io.cwd, project));
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, "tsconfig.json");
    if (existsSync(path)) return path;
    if (dirname(folder) === folder)
      throw new Trouble(
        `No tsconfig.json in ${start} or above it.`,
        "Name one with -p, or create it: npx tsc --init.",
      );
  }
}

/** As in `tsc -p`: a file, or the folder it is in. */
function namedTsconfig(path: string): string {
  const file = existsSync(join(path, "tsconfig.json")) ? join(path, "tsconfig.json") : path;
  if (existsSync(file) && extname(file) === ".json") return file;
  throw new Trouble(
    `There is no project at ${path}.`,
    "-p takes a tsconfig.json, or a folder that holds one.",
  );
}
