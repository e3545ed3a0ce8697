/** (e) How much code is made of a function: by us, and by others that make a state machine of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { minifySync } from "@swc/core";
import { transformText } from "../compiler/index.ts";
import { table } from "./measure.ts";
import { byBabel, byTypeScript, toJavaScript } from "./others.ts";

const ROOT = join(import.meta.dirname, "..");
/** What a compiler brings into every file however little is in it; a project has it once. */
const NOTHING = "export async function f() {}\n";

type Compile = (source: string) => string;

const COMPILERS: Readonly<Record<string, Compile>> = {
  source: toJavaScript,
  durablec: byDurablec,
  "Babel ES5": (source) => byBabel(toJavaScript(source)),
  "TypeScript ES5": (source) => byTypeScript(toJavaScript(source)),
};

export function benchSize(): void {
  const fulfil = readFileSync(join(ROOT, "fixtures/quickstart/src/fulfil.ts"), "utf8");
  show("fulfil of the quickstart", [fulfil]);
  show("functions of these benchmarks", [readFileSync(join(ROOT, "bench/functions/source.ts"), "utf8")]);
  show("fixtures of the language", fixtures());
}

/** Those of which everybody makes a program: some of the language is newer than the others' targets. */
function fixtures(): readonly string[] {
  const folder = join(ROOT, "fixtures/language");
  const all = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readFileSync(join(folder, name, "input.ts"), "utf8"));
  return all.filter((source) => Object.values(COMPILERS).every((compile) => isCompiled(compile, source)));
}

function isCompiled(compile: Compile, source: string): boolean {
  try {
    return measure(compile(source)).raw > 0;
  } catch {
    return false;
  }
}

function byDurablec(source: string): string {
  const { code, diagnostics } = transformText(source, { fileName: "src/module.ts" });
  if (code === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return code;
}

interface Size {
  readonly raw: number;
  readonly minified: number;
  readonly zipped: number;
}

function show(name: string, sources: readonly string[]): void {
  const rows = [["", "raw", "", "minified", "", "gzip", ""]];
  const own = sizeOf(COMPILERS.source ?? toJavaScript, sources);
  for (const [compiler, compile] of Object.entries(COMPILERS)) {
    const size = sizeOf(compile, sources);
    const cells = (["raw", "minified", "zipped"] as const).flatMap((kind) => [
      String(size[kind]),
      `${(size[kind] / own[kind]).toFixed(1)}x`,
    ]);
    rows.push([compiler, ...cells]);
  }
  console.log(`(e) bytes of ${name} (${sources.length} files), without helpers that a project has once`);
  console.log(table(rows));
}

function sizeOf(compile: Compile, sources: readonly string[]): Size {
  const isOurs = compile === byDurablec || compile === toJavaScript;
  const helpers = isOurs ? { raw: 0, minified: 0, zipped: 0 } : measure(compile(NOTHING));
  const sizes = sources.map((source) => measure(compile(source)));
  const sum = (kind: keyof Size): number =>
    sizes.reduce((total, size) => total + size[kind] - helpers[kind], 0);
  return { raw: sum("raw"), minified: sum("minified"), zipped: sum("zipped") };
}

function measure(code: string): Size {
  const minified = minifySync(code, { module: true, compress: true, mangle: true }).code;
  return { raw: code.length, minified: minified.length, zipped: gzipSync(minified).length };
}
