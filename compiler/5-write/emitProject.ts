import { dirname, posix, relative, resolve, sep } from "node:path";
import { ts } from "ts-morph";

/** JavaScript of one durable module, as `4-emit` made it. */
export interface CompiledModule {
  /** Relative to the project's root: `src/fulfil.ts`. */
  readonly path: string;
  readonly code: string;
  /** Source map, version 3. */
  readonly map: string;
}

export interface OutputFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** Absolute path of the source it was made from. */
  readonly source: string | null;
}

export interface Emitted {
  readonly files: readonly OutputFile[];
  /** What TypeScript found while it wrote declarations: a type that cannot be named, say. */
  readonly errors: readonly ts.Diagnostic[];
}

/**
 * Every file of the build, in memory. TypeScript writes the whole project; where it writes the JavaScript or the source
 * map of a durable module, ours is put in its place. So output paths, declarations with the author's signatures, JSON
 * modules and import endings are TypeScript's own, whatever the project's options say.
 *
 * Relies on: a program with `noEmit` off (`toOutputOptions`).
 */
export function emitProject(program: ts.Program, root: string, modules: readonly CompiledModule[]): Emitted {
  const compiled = new Map(modules.map((module) => [resolve(root, module.path), module]));
  const files: OutputFile[] = [];
  const options = program.getCompilerOptions();
  // TypeScript's callback has five parameters; the last is the list of sources a file was made from.
  const write = (...[path, text, , , sources]: Parameters<ts.WriteFileCallback>): void => {
    if (path.endsWith(".tsbuildinfo")) return;
    const source = sources?.[0] ? resolve(sources[0].fileName) : null;
    const module = source === null ? undefined : compiled.get(source);
    const output = { path: resolve(path), source };
    files.push({
      ...output,
      text: module && source !== null ? replace({ ...output, text, source }, { module, options }) : text,
    });
  };
  const { diagnostics } = program.emit(undefined, write);
  return { files, errors: diagnostics };
}

/**
 * A project's options with what a build needs, whatever they say: one that bundles has `noEmit`, for example. Declarations
 * and source maps are written unless the project says that it does not want them.
 */
export function toOutputOptions(options: ts.CompilerOptions, outDir: string): ts.CompilerOptions {
  return {
    ...options,
    noEmit: false,
    emitDeclarationOnly: false,
    noEmitOnError: false,
    declaration: options.declaration ?? true,
    sourceMap: options.sourceMap ?? options.inlineSourceMap !== true,
    composite: false,
    incremental: false,
    outDir,
  };
}

type ModuleFile = OutputFile & { readonly source: string };

interface Replacement {
  readonly module: CompiledModule;
  readonly options: ts.CompilerOptions;
}

/** With `jsx: "preserve"`, JavaScript with elements in it. */
function replace(file: ModuleFile, { module, options }: Replacement): string {
  if (/\.[cm]?jsx?$/.test(file.path)) {
    const body = module.code.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "").trimEnd();
    const comment = toMapComment(file, { module, options });
    return comment === null ? `${body}\n` : `${body}\n//# sourceMappingURL=${comment}\n`;
  }
  return /\.[cm]?jsx?\.map$/.test(file.path) ? toMap(file, module.map) : file.text;
}

function toMapComment(file: ModuleFile, { module, options }: Replacement): string | null {
  if (options.sourceMap) return `${toName(file.path)}.map`;
  if (!options.inlineSourceMap) return null;
  return `data:application/json;base64,${Buffer.from(toMap(file, module.map)).toString("base64")}`;
}

/** A map names its source relative to where the map lies, which only the build knows. */
function toMap(file: ModuleFile, text: string): string {
  const map = JSON.parse(text) as Record<string, unknown>;
  const source = relative(dirname(file.path), file.source).split(sep).join("/");
  return JSON.stringify({
    ...map,
    file: toName(file.path).replace(/\.map$/, ""),
    sourceRoot: "",
    sources: [source],
  });
}

function toName(path: string): string {
  return posix.basename(path.split(sep).join("/"));
}
