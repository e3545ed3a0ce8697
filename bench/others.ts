/** The same source by other compilers that make state machines of async functions: what there is to compare with. */
import { transformSync as toBabel } from "@babel/core";
import { transformSync as toSwc } from "@swc/core";
import { ts } from "ts-morph";

/** The source without its types: what everybody starts from. */
export function toJavaScript(source: string): string {
  return toSwc(source, {
    configFile: false,
    swcrc: false,
    isModule: true,
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
  }).code;
}

/** All of ES5, with its regenerator: alone, that plugin does not know patterns. */
export function byBabel(code: string): string {
  const presets: [string, object][] = [["@babel/preset-env", { targets: "ie 11", modules: false }]];
  const made = toBabel(code, { configFile: false, babelrc: false, comments: true, presets });
  if (typeof made?.code !== "string") throw new Error("Babel made nothing");
  return made.code;
}

/** TypeScript 6 calls this target deprecated, and still writes it: `__awaiter` and `__generator`. */
export function byTypeScript(code: string): string {
  return ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.ESNext, ignoreDeprecations: "6.0" },
  }).outputText;
}
