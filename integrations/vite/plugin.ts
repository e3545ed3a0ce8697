/**
 * `durablec/vitest`: durable functions are compiled when a test imports them, so that `vitest` just works.
 *
 *     import { durablec } from "durablec/vitest";
 *     export default defineConfig({ plugins: [durablec()] });
 *
 * With a `tsconfig.json`, what calls mean is asked of the type checker, as `durablec build` does; without one, or for a
 * file that is not in it, of the syntax. Types are not checked: that is the build's matter.
 */
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { toPretty } from "../../compiler/formats/toPretty.ts";
import { transformText } from "../../compiler/index.ts";
import { createProjectCompiler, type ModuleOutput, type ProjectCompiler } from "./projectCompiler.ts";

export interface DurablecOptions {
  /** Relative to Vite's root. Default: `tsconfig.json`, if there is one. False: each file by itself. */
  readonly tsconfig?: string | false;
}

/** Directives, and classes: one that durable code can reach is registered, so that state can hold its instances. */
const CONCERNS = /["']use (durable|step)|\bclass\b/;
const SOURCE = /\.[cm]?[jt]sx?$/;

export function durablec({ tsconfig }: DurablecOptions = {}): Plugin {
  let root = process.cwd();
  let project: ProjectCompiler | null = null;
  return {
    name: "durablec",
    // Before types are taken out: the compiler reads them.
    enforce: "pre",
    config: () => ({
      test: {
        setupFiles: [fileURLToPath(new URL("./setup.js", import.meta.url))],
        server: { deps: { external: [findRuntime()] } },
      },
    }),
    configResolved(config) {
      root = config.root;
      const path = tsconfig === false ? null : resolve(root, tsconfig ?? "tsconfig.json");
      if (path !== null && (tsconfig !== undefined || existsSync(path)))
        project = createProjectCompiler(path);
    },
    // What is kept between runs is found by the text of a file; ours depends on the types of others too.
    configureVitest: ({ defineCacheKeyGenerator }) =>
      defineCacheKeyGenerator(({ sourceCode }) => (CONCERNS.test(sourceCode) ? false : undefined)),
    transform(code, id) {
      const [path = id] = id.split("?");
      if (!SOURCE.test(path) || path.includes("/node_modules/")) return null;
      const output = project?.compile(path, code) ?? compileAlone(code, toFileName(root, path));
      const errors = output.diagnostics.filter(({ severity }) => severity === "error");
      if (errors.length > 0) this.error(explain(errors, { code, root }));
      if (output.code === null || output.map === null) return null;
      // Its source is named as ids are; Vite wants to find it.
      const map = { ...(JSON.parse(output.map) as { readonly mappings: string }), sources: [path] };
      return { code: output.code, map: JSON.stringify(map) };
    },
  };
}

const NOTHING: ModuleOutput = { code: null, map: null, diagnostics: [] };

function compileAlone(code: string, fileName: string): ModuleOutput {
  // A look at the text first: most files of a project have nothing for us.
  return /["']use (durable|step)/.test(code) ? transformText(code, { fileName }) : NOTHING;
}

function explain(
  errors: readonly Diagnostic[],
  { code, root }: { readonly code: string; readonly root: string },
): string {
  const [first] = errors;
  const readText = (file: string): string | undefined =>
    file === first?.file ? code : existsSync(file) ? readFileSync(file, "utf8") : undefined;
  return `\n${toPretty(errors, { colors: false, cwd: root, readText })}`;
}

function toFileName(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}

/** Where the runtime is, as it is when it is linked: outside of `node_modules`, Vitest would make it over. */
function findRuntime(): RegExp {
  const folder = fileURLToPath(new URL(".", import.meta.resolve("@durablec/runtime")));
  return new RegExp(
    folder
      .split(sep)
      .join("/")
      .replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
  );
}
