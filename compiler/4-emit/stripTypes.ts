/**
 * Turns the emitted TypeScript into JavaScript: swc takes the types out, prints the result evenly, keeps comments, and
 * carries the source map through, so that the final map leads from JavaScript to the author's file.
 */
import { transformSync, type Options } from "@swc/core";
import type { PrintedText } from "./printText.ts";

export interface StripOptions {
  /** Default: what runs on every Node that durablec supports. */
  readonly target?: "es2022" | "es2023" | "es2024" | "esnext";
  readonly jsx?: "automatic" | "classic" | "preserve";
  readonly jsxImportSource?: string;
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
  readonly useDefineForClassFields?: boolean;
  /** `require` instead of `import`. Default: false. */
  readonly commonjs?: boolean;
  /** Imports are kept or dropped as written, by `type` alone. */
  readonly verbatimModuleSyntax?: boolean;
  /** `./a.ts` to `./a.js`. */
  readonly rewriteRelativeImportExtensions?: boolean;
}

export interface StrippedText {
  readonly code: string;
  /** Source map, version 3, as JSON. */
  readonly map: string;
}

export function stripTypes(printed: PrintedText, fileName: string, options: StripOptions = {}): StrippedText {
  const { code, map } = transformSync(printed.text, toSwcOptions(printed, fileName, options));
  return { code, map: map ?? printed.map };
}

function toSwcOptions(printed: PrintedText, fileName: string, options: StripOptions): Options {
  const hasJsx = isJsx(fileName);
  return {
    filename: fileName,
    sourceMaps: true,
    inputSourceMap: printed.map,
    isModule: true,
    configFile: false,
    swcrc: false,
    module: { type: options.commonjs ? "commonjs" : "es6" },
    jsc: {
      target: options.target ?? "es2022",
      preserveAllComments: true,
      parser: { syntax: "typescript", tsx: hasJsx, decorators: options.experimentalDecorators ?? false },
      transform: {
        useDefineForClassFields: options.useDefineForClassFields ?? true,
        legacyDecorator: options.experimentalDecorators ?? false,
        decoratorMetadata: options.emitDecoratorMetadata ?? false,
        verbatimModuleSyntax: options.verbatimModuleSyntax ?? false,
        ...(hasJsx && options.jsx !== undefined ? { react: toReact(options) } : {}),
      },
      ...(options.rewriteRelativeImportExtensions ? { rewriteRelativeImportExtensions: true } : {}),
    },
  };
}

function toReact({ jsx, jsxImportSource }: StripOptions): {
  runtime: "automatic" | "classic" | "preserve";
  importSource?: string;
} {
  const runtime = jsx ?? "automatic";
  return jsxImportSource === undefined ? { runtime } : { runtime, importSource: jsxImportSource };
}

function isJsx(fileName: string): boolean {
  return /\.[cm]?[jt]sx$/.test(fileName);
}

/** The same program with nothing in it that only people read: what a hash is taken over. */
export function toBareText(source: string, fileName: string): string {
  return transformSync(source, {
    isModule: true,
    configFile: false,
    swcrc: false,
    minify: true,
    jsc: {
      target: "es2022",
      parser: { syntax: "typescript", tsx: isJsx(fileName) },
      minify: { compress: false, mangle: false, format: { comments: false } },
      // Types are out; imports do not matter here, and there are none.
      transform: { verbatimModuleSyntax: true },
    },
  }).code;
}
