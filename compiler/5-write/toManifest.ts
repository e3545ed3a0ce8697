import { VOCABULARY } from "@durablec/runtime/machine";
import type { FunctionDescription } from "../4-emit/toDescription.ts";
import type { Machine } from "../ir.ts";
import type { Manifest, ManifestFunction } from "./manifest.ts";

/** A compiled module, as far as the manifest tells of it. */
export interface ListedModule {
  readonly path: string;
  readonly machines: readonly Machine[];
  readonly functions: readonly FunctionDescription[];
}

/** `moduleOf`: where the JavaScript of a source lies, relative to the manifest. */
export function toManifest(modules: readonly ListedModule[], moduleOf: (path: string) => string): Manifest {
  return {
    version: 1,
    vocabulary: VOCABULARY,
    functions: modules.flatMap((one) => toFunctions(one, moduleOf(one.path))),
  };
}

function toFunctions({ path, machines, functions }: ListedModule, module: string): ManifestFunction[] {
  const lines = new Map(machines.flatMap(linesOf));
  return functions.map(({ id, name, hash, checkpoints }) => {
    const line = lines.get(id) ?? 1;
    return { id, name, source: path, line, module, hash, checkpoints };
  });
}

/** A machine's line and those of the durable closures in it, by id. */
function linesOf({ id, node, closures }: Machine): (readonly [id: string, line: number])[] {
  const file = node.getSourceFile();
  const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  return [[id, line], ...closures.flatMap(({ machine }) => (machine === null ? [] : linesOf(machine)))];
}
