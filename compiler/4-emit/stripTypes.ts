/**
 * Turns the emitted TypeScript into JavaScript: swc takes the types out, prints the result evenly, keeps comments, and
 * carries the source map through, so that the final map leads from JavaScript to the author's file.
 */
import {
  transformSync,
  type ModuleConfig,
  type Options,
  type ParserConfig,
  type ReactConfig,
} from "@swc/core";
import type { PrintedText } from "./printText.ts";

export interface StripOptions {
  /** Default: what runs on every Node that durablec supports. */
  readonly target?: "es2022" | "es2023" | "es2024" | "esnext";
  readonly jsx?: "automatic" | "classic" | "preserve";
  readonly jsxImportSource?: string;
  /** Of the classic transform. Default: `React.createElement` and `React.Fragment`. */
  readonly jsxFactory?: string;
  readonly jsxFragmentFactory?: string;
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
  readonly useDefineForClassFields?: boolean;
  /** `require` instead of `import`. Default: false. */
  readonly commonjs?: boolean;
  /** False: what `require` gives is taken as it is, as old projects want it. Default: true. */
  readonly esModuleInterop?: boolean;
  /** `import(...)` stays what it is in CommonJS, where Node has it too. Default: true. */
  readonly keepDynamicImport?: boolean;
  /** Imports are kept or dropped as written, by `type` alone. */
  readonly verbatimModuleSyntax?: boolean;
  /** `./a.ts` to `./a.js`. */
  readonly rewriteRelativeImportExtensions?: boolean;
}

/** What `stripTypes` must know beside the options. */
export interface StripSource {
  readonly fileName: string;
  /** Not a module: no imports, and sloppy unless it says otherwise. */
  readonly isScript: boolean;
}

export interface StrippedText {
  readonly code: string;
  /** Source map, version 3, as JSON. */
  readonly map: string;
}

export function stripTypes(
  printed: PrintedText,
  source: StripSource,
  options: StripOptions = {},
): StrippedText {
  const { code, map } = transformSync(printed.text, toSwcOptions(printed, source, options));
  return { code: mendHelper(code), map: map ?? printed.map };
}

/** swc 1.16 declares a helper of `using` under another name than the one it uses. Durable code has no need of it. */
function mendHelper(code: string): string {
  return code.includes("new _SuppressedError(")
    ? code.replace("var _SuppressedError1 =", "var _SuppressedError =")
    : code;
}

function toSwcOptions(
  printed: PrintedText,
  { fileName, isScript }: StripSource,
  options: StripOptions,
): Options {
  const isLegacy = options.experimentalDecorators ?? false;
  return {
    filename: fileName,
    sourceMaps: true,
    inputSourceMap: printed.map,
    isModule: !isScript,
    configFile: false,
    swcrc: false,
    ...(isScript ? {} : { module: toModule(options) }),
    jsc: {
      target: options.target ?? "es2022",
      preserveAllComments: true,
      parser: toParser(fileName),
      transform: {
        useDefineForClassFields: options.useDefineForClassFields ?? true,
        legacyDecorator: isLegacy,
        decoratorMetadata: options.emitDecoratorMetadata ?? false,
        ...(isLegacy ? {} : { decoratorVersion: "2023-11" }),
        verbatimModuleSyntax: options.verbatimModuleSyntax ?? false,
        react: toReact(options),
      },
      ...(options.rewriteRelativeImportExtensions ? { rewriteRelativeImportExtensions: true } : {}),
    },
  };
}

/** Decorators are always read: which kind they are, the transform decides. */
function toParser(fileName: string): ParserConfig {
  if (/\.[cm]?jsx?$/.test(fileName))
    return { syntax: "ecmascript", jsx: true, decorators: true, allowReturnOutsideFunction: true };
  return { syntax: "typescript", tsx: isJsx(fileName), decorators: true };
}

function toModule({ commonjs, esModuleInterop, keepDynamicImport }: StripOptions): ModuleConfig {
  if (commonjs !== true) return { type: "es6" };
  return {
    type: "commonjs",
    importInterop: esModuleInterop === false ? "none" : "swc",
    ignoreDynamic: keepDynamicImport ?? true,
  };
}

function toReact(options: StripOptions): ReactConfig {
  const { jsx, jsxImportSource, jsxFactory, jsxFragmentFactory } = options;
  return {
    runtime: jsx ?? "automatic",
    ...(jsxImportSource === undefined ? {} : { importSource: jsxImportSource }),
    ...(jsxFactory === undefined ? {} : { pragma: jsxFactory }),
    ...(jsxFragmentFactory === undefined ? {} : { pragmaFrag: jsxFragmentFactory }),
  };
}

function isJsx(fileName: string): boolean {
  return /\.[jt]sx$/.test(fileName);
}

/** The same program with nothing in it that only people read: what a hash is taken over. */
export function toBareText(text: string, source: StripSource): string {
  return transformSync(text, toBareOptions(source)).code;
}

export function toBareOptions({ fileName, isScript }: StripSource): Options {
  return {
    isModule: !isScript,
    configFile: false,
    swcrc: false,
    minify: true,
    jsc: {
      target: "es2022",
      parser: toParser(fileName),
      minify: { compress: false, mangle: false, format: { comments: false } },
      // Types are out; imports do not matter here, and there are none.
      transform: { verbatimModuleSyntax: true },
    },
  };
}
