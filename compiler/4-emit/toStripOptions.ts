import { ts } from "ts-morph";
import type { StripOptions } from "./stripTypes.ts";

/**
 * The author's options, as far as they decide how a module's JavaScript looks: a durable module must come out as
 * TypeScript would have written it beside the machines, or an import that `tsc` keeps for its effect would be gone.
 */
export function toStripOptions(options: ts.CompilerOptions): StripOptions {
  const jsx = toJsx(options.jsx);
  return {
    target: toTarget(options.target),
    commonjs: options.module === ts.ModuleKind.CommonJS,
    // Under Node's own settings TypeScript leaves it, under plain CommonJS it writes a `require`.
    keepDynamicImport: options.module !== ts.ModuleKind.CommonJS,
    esModuleInterop: options.esModuleInterop ?? true,
    verbatimModuleSyntax: options.verbatimModuleSyntax ?? false,
    rewriteRelativeImportExtensions: options.rewriteRelativeImportExtensions ?? false,
    experimentalDecorators: options.experimentalDecorators ?? false,
    emitDecoratorMetadata: options.emitDecoratorMetadata ?? false,
    // TypeScript's own default from ES2022 on.
    useDefineForClassFields:
      options.useDefineForClassFields ?? (options.target ?? ts.ScriptTarget.ES2025) >= ts.ScriptTarget.ES2022,
    ...(jsx === undefined ? {} : { jsx }),
    ...(options.jsxImportSource === undefined ? {} : { jsxImportSource: options.jsxImportSource }),
    ...toFactories(options),
  };
}

/** Machines need what every Node that durablec supports can run; older targets get that too. */
function toTarget(target: ts.ScriptTarget | undefined): NonNullable<StripOptions["target"]> {
  if (target === undefined || target <= ts.ScriptTarget.ES2022) return "es2022";
  if (target === ts.ScriptTarget.ES2023) return "es2023";
  return target === ts.ScriptTarget.ES2024 ? "es2024" : "esnext";
}

function toFactories(options: ts.CompilerOptions): Pick<StripOptions, "jsxFactory" | "jsxFragmentFactory"> {
  const { jsxFactory = options.reactNamespace && `${options.reactNamespace}.createElement` } = options;
  const { jsxFragmentFactory } = options;
  return {
    ...(jsxFactory === undefined ? {} : { jsxFactory }),
    ...(jsxFragmentFactory === undefined ? {} : { jsxFragmentFactory }),
  };
}

function toJsx(jsx: ts.JsxEmit | undefined): StripOptions["jsx"] {
  if (jsx === undefined || jsx === ts.JsxEmit.None) return undefined;
  if (jsx === ts.JsxEmit.React) return "classic";
  return jsx === ts.JsxEmit.Preserve || jsx === ts.JsxEmit.ReactNative ? "preserve" : "automatic";
}
