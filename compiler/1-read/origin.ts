import { posix } from "node:path";
import { ts } from "ts-morph";

/** Where something that is not the project's own code was declared. Rules about libraries are data keyed by this. */
export interface Origin {
  /**
   * `language`: ECMAScript's own library. `platform`: a global of the browser or of Node. Else the module's name as it
   * is imported, without `node:` (`fs`, `uuid`, `@durablec/runtime`).
   */
  readonly module: string;
  /** `Math.random`, `DateConstructor.now`, `readFileSync`: names outwards to the module, joined by dots. */
  readonly member: string;
}

export interface Origins {
  /** Null for the project's own code, and for what is declared inside a function. */
  find(declaration: ts.Declaration): Origin | null;
  /** Source of this project that durablec may read on into: not a declaration file, not another package. */
  isProjectFile(file: ts.SourceFile): boolean;
}

const PLATFORM_PACKAGES = new Set([
  "@types/node",
  "undici-types",
  "bun-types",
  "@types/web",
  "@cloudflare/workers-types",
]);

/** `root`: the project's folder, forward slashes. It may itself lie below a `node_modules`. */
export function createOrigins(program: ts.Program, root: string): Origins {
  const packages = new Map<string, string | null>();
  const packageOf = (file: ts.SourceFile): string | null =>
    findPackage(posix.dirname(file.fileName), packages);

  const isForeign = (file: ts.SourceFile): boolean =>
    program.isSourceFileFromExternalLibrary(file) ||
    isBelowModules(file.fileName, root) ||
    // A workspace link hides that the runtime is a package of its own.
    (file.isDeclarationFile && packageOf(file) === "@durablec/runtime") ||
    packageOf(file) === "@durablec/runtime";

  const toModule = (file: ts.SourceFile, scope: Scope): string | null => {
    if (program.isSourceFileDefaultLibrary(file)) return isLanguageLibrary(file) ? "language" : "platform";
    // `declare module "../index"` adds to a file of its own package.
    if (scope.kind === "module" && !scope.name.startsWith(".")) return scope.name.replace(/^node:/, "");
    if (!isForeign(file)) return null;
    const name = packageOf(file);
    if (name === null) return null;
    return PLATFORM_PACKAGES.has(name)
      ? "platform"
      : name.replace(/^@types\/(?:(.+)__)?/, (_, scoped) => toScope(scoped));
  };

  return {
    find(declaration) {
      const file = declaration.getSourceFile();
      const names: string[] = [];
      const scope = findScope(declaration, names);
      const module = scope === null ? null : toModule(file, scope);
      return module === null ? null : { module, member: names.join(".") };
    },
    isProjectFile: (file) =>
      !file.isDeclarationFile && !program.isSourceFileDefaultLibrary(file) && !isForeign(file),
  };
}

type Scope =
  | { readonly kind: "file" }
  | { readonly kind: "global" }
  | { readonly kind: "module"; readonly name: string };

/** What lies in the project is its own whatever its folder lies in; what lies beside it is judged by its whole path. */
function isBelowModules(path: string, root: string): boolean {
  const own = path.startsWith(`${root}/`) ? path.slice(root.length) : path;
  return own.includes("/node_modules/");
}

/** Collects the names around a declaration and says where they end; null inside a function. */
function findScope(declaration: ts.Declaration, names: string[]): Scope | null {
  for (let at: ts.Node = declaration; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isModuleDeclaration(at)) {
      if (ts.isStringLiteral(at.name)) return { kind: "module", name: at.name.text };
      // What stands in `declare global { ... }` belongs to the platform, whatever module the block is in.
      if ((at.flags & ts.NodeFlags.GlobalAugmentation) !== 0) return { kind: "global" };
    }
    if (at !== declaration && ts.isFunctionLike(at)) return null;
    const name = ts.getNameOfDeclaration(at as ts.Declaration);
    if (name !== undefined && isNamed(at))
      names.unshift(ts.isStringLiteralLike(name) ? name.text : name.getText());
  }
  return { kind: "file" };
}

function isNamed(node: ts.Node): boolean {
  return (
    ts.isModuleDeclaration(node) ||
    ts.isClassLike(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isEnumDeclaration(node)
  );
}

/** `lib.es2023.array.d.ts` is the language; `lib.dom.d.ts` and the like are a platform. */
function isLanguageLibrary(file: ts.SourceFile): boolean {
  return /\/lib\.(?:es|decorators)[\w.]*\.d\.ts$/.test(file.fileName);
}

function toScope(scoped: unknown): string {
  return typeof scoped === "string" ? `@${scoped}/` : "";
}

/** The name in the nearest `package.json`. Asked of the disk, as a program does not know it for linked packages. */
function findPackage(folder: string, known: Map<string, string | null>): string | null {
  const before = known.get(folder);
  if (before !== undefined) return before;
  const parent = posix.dirname(folder);
  const name =
    readPackageName(`${folder}/package.json`) ?? (parent === folder ? null : findPackage(parent, known));
  known.set(folder, name);
  return name;
}

function readPackageName(path: string): string | null {
  const text = ts.sys.readFile(path);
  if (text === undefined) return null;
  const { config } = ts.parseConfigFileTextToJson(path, text) as {
    readonly config?: { readonly name?: unknown };
  };
  return typeof config?.name === "string" ? config.name : null;
}
