import { dirname, join } from "node:path";
import { build } from "../compiler/build.ts";
import { Trouble } from "./exit.ts";
import { formatFindings } from "./format/findings.ts";
import type { Io } from "./io.ts";
import { findTsconfig, type Target } from "./target.ts";

/**
 * Builds the project of a source into a folder of its own, and returns the path of the source's module in it; null if
 * there are findings, which are printed. The folder lies inside the project, so that the code finds the project's packages.
 */
export function buildForRun(target: Target, project: string | undefined, io: Io): string | null {
  const tsconfig = findTsconfig(project, dirname(target.file), io);
  const outDir = join(dirname(tsconfig), ".durable/build");
  const result = build({ tsconfig, outDir, typeCheck: false });
  const said = formatFindings(result, "pretty", io);
  if (said !== "") io.err(said);
  if (result.manifest === null) return null;
  const listed = result.manifest.functions.find(
    ({ source, name }) => join(result.root, source) === target.file && name === target.name,
  );
  if (listed !== undefined) return join(outDir, listed.module);
  throw new Trouble(
    `${target.file} has no durable function "${target.name}".`,
    'Mark an async function "use durable" as the first statement of its body, and export it.',
  );
}
