/**
 * The file that Node would run for `import "pkg"` or `import "pkg/part"`. TypeScript's own resolution stops at the
 * declarations, and Node's answers for `require` alone; so the part of Node's rules that packages use is written here.
 */
import { posix } from "node:path";
import { ts } from "ts-morph";

/**
 * Tried one after the other, each in the package's own order as Node does it; `types` and those of browsers are passed
 * over. Modules before CommonJS, whoever asks: of the two, modules say more plainly what they export.
 */
const CONDITIONS: readonly ReadonlySet<string>[] = [
  new Set(["import", "module-sync", "node", "default"]),
  new Set(["require", "node", "default"]),
];

/** `from`: the folder of the importing file. Null for Node's own modules, and for what is not installed or not exported. */
export function findEntry(specifier: string, from: string): string | null {
  const parts = specifier.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const folder = findPackageFolder(name, from);
  if (folder === null) return null;
  const manifest = readManifest(`${folder}/package.json`);
  const part = ["."].concat(parts.slice(name.split("/").length)).join("/");
  const target =
    manifest["exports"] === undefined
      ? findWithoutExports(manifest, part)
      : (CONDITIONS.map((conditions) => findExported(manifest["exports"], part, conditions)).find(
          (found) => found !== null,
        ) ?? null);
  return target === null ? null : findScript(posix.join(folder, target));
}

/** A script by the path that an import names, with the endings that CommonJS leaves out. */
export function findScript(path: string): string | null {
  const typed = path.replace(/\.([cm]?)jsx?$/, ".$1ts");
  const endings = ["", ".js", ".cjs", ".mjs", "/index.js", "/index.cjs", ".ts", "/index.ts"];
  const found = [...endings.map((ending) => path + ending), typed, `${typed}x`].find(
    (candidate) =>
      /\.[cm]?[jt]sx?$/.test(candidate) && !candidate.endsWith(".d.ts") && ts.sys.fileExists(candidate),
  );
  return found === undefined ? null : (ts.sys.realpath?.(found) ?? found);
}

function findPackageFolder(name: string, from: string): string | null {
  for (let folder = from; ; folder = posix.dirname(folder)) {
    const candidate = `${folder}/node_modules/${name}`;
    if (ts.sys.fileExists(`${candidate}/package.json`)) return candidate;
    if (posix.dirname(folder) === folder) return null;
  }
}

type Manifest = Readonly<Record<string, unknown>>;

function readManifest(path: string): Manifest {
  const { config } = ts.parseConfigFileTextToJson(path, ts.sys.readFile(path) ?? "{}") as {
    readonly config?: unknown;
  };
  return typeof config === "object" && config !== null ? (config as Manifest) : {};
}

function findWithoutExports(manifest: Manifest, part: string): string | null {
  if (part !== ".") return part;
  const main = [manifest["module"], manifest["main"]].find((one) => typeof one === "string");
  return main ?? "index.js";
}

function findExported(exports: unknown, part: string, conditions: ReadonlySet<string>): string | null {
  const isTable =
    typeof exports === "object" &&
    exports !== null &&
    Object.keys(exports).some((key) => key.startsWith("."));
  if (!isTable) return part === "." ? chooseTarget(exports, conditions) : null;
  const table = exports as Manifest;
  if (part in table) return chooseTarget(table[part], conditions);
  for (const [key, target] of Object.entries(table)) {
    const [head = "", tail = ""] = key.split("*", 2);
    if (!key.includes("*") || !part.startsWith(head) || !part.endsWith(tail)) continue;
    const middle = part.slice(head.length, part.length - tail.length);
    return chooseTarget(target, conditions)?.replaceAll("*", middle) ?? null;
  }
  return null;
}

function chooseTarget(target: unknown, conditions: ReadonlySet<string>): string | null {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) return chooseTarget(target[0], conditions);
  if (typeof target !== "object" || target === null) return null;
  for (const [condition, inner] of Object.entries(target)) {
    const chosen = conditions.has(condition) ? chooseTarget(inner, conditions) : null;
    if (chosen !== null) return chosen;
  }
  return null;
}
