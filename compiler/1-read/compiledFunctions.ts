/**
 * Durable functions that were compiled before, elsewhere: in a project that this one refers to, or in a package. Their
 * declarations (`.d.ts`) do not tell them from other functions; the manifest that `durablec build` wrote beside them does.
 * Called as a step, such a function would run as ordinary code, and none of it would be kept.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";

export interface CompiledFunctions {
  /** True for the declaration of a function that a manifest lists. */
  has(declaration: ts.Declaration): boolean;
}

const MANIFEST = "durable.manifest.json";

export function createCompiledFunctions(): CompiledFunctions {
  /** By folder: `module#name` of what the manifest in it lists; null where there is none. */
  const manifests = new Map<string, ReadonlySet<string> | null>();
  const namesIn = (folder: string): ReadonlySet<string> | null => {
    const known = manifests.get(folder);
    if (known !== undefined) return known;
    const found = readNames(posix.join(folder, MANIFEST));
    manifests.set(folder, found);
    return found;
  };
  return {
    has(declaration) {
      const { fileName, isDeclarationFile } = declaration.getSourceFile();
      const name = ts.getNameOfDeclaration(declaration);
      if (!isDeclarationFile || name === undefined || !ts.isIdentifier(name)) return false;
      const module = fileName.replace(/\.d\.([cm]?)ts$/, ".$1js");
      for (let folder = posix.dirname(module); ; folder = posix.dirname(folder)) {
        const names = namesIn(folder);
        if (names !== null) return names.has(`${posix.relative(folder, module)}#${name.text}`);
        const isEnd =
          posix.basename(posix.dirname(folder)) === "node_modules" || posix.dirname(folder) === folder;
        if (isEnd) return false;
      }
    },
  };
}

function readNames(path: string): ReadonlySet<string> | null {
  const text = ts.sys.readFile(path);
  if (text === undefined) return null;
  const { config } = ts.parseConfigFileTextToJson(path, text) as {
    readonly config?: { readonly functions?: readonly { readonly module: string; readonly name: string }[] };
  };
  return new Set((config?.functions ?? []).map(({ module, name }) => `${module}#${name}`));
}
