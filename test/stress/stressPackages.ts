/**
 * Packages that many use, with their own tests: every function that can be is made async, an await is put wherever one may
 * stand, and all of it is compiled as durable. As many of their assertions must hold as before.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformText } from "../../compiler/index.ts";
import { makeAsync } from "./makeAsync.ts";

/** Those whose functions take no callbacks of others, and that bring their tests along. */
const PACKAGES = [
  { name: "minimist", version: "1.2.8", sources: ["index.js"] },
  { name: "deep-equal", version: "1.0.1", sources: ["index.js"] },
  { name: "shell-quote", version: "1.8.3", sources: ["parse.js", "quote.js"] },
] as const;
const RUNNER = "tape@5.9.0";

type Package = (typeof PACKAGES)[number];
type Mode = "memory" | "rebuild";

const CACHE = join(import.meta.dirname, "../../.cache/stress");
const WORDS: Readonly<Record<Mode, string>> = {
  memory: join(import.meta.dirname, "../../runtime/machine.ts"),
  rebuild: join(import.meta.dirname, "rebuildWords.ts"),
};

export function stressPackages(): boolean {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(join(CACHE, "package.json"), '{ "private": true }\n');
  const wanted = [RUNNER, ...PACKAGES.map(({ name, version }) => `${name}@${version}`)];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...wanted], {
    cwd: CACHE,
    stdio: ["ignore", "ignore", "inherit"],
  });
  // All of them, also when the first differs.
  return PACKAGES.map(stressPackage).every((isSame) => isSame);
}

function stressPackage(chosen: Package): boolean {
  const before = runTests(join(CACHE, "node_modules", chosen.name));
  const results = (["memory", "rebuild"] as const).map((mode) => {
    const { folder, functionCount, checkpointCount } = prepare(chosen, mode);
    const after = runTests(folder);
    const isSame = after.failed === 0 && after.passed === before.passed;
    const made = `${functionCount} functions, ${checkpointCount} checkpoints`;
    console.log(`${chosen.name}, ${mode}: ${after.passed} of ${before.passed} assertions hold (${made})`);
    if (!isSame) console.log(after.output.slice(0, 3000));
    return isSame;
  });
  return results.every((isSame) => isSame);
}

/** A copy of the package, its sources compiled, its tests awaiting. */
function prepare({ name, sources }: Package, mode: Mode) {
  const folder = join(CACHE, "work", `${name}-${mode}`);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(CACHE, "node_modules", name), folder, { recursive: true });
  const count = { functionCount: 0, checkpointCount: 0 };
  for (const source of sources) {
    const path = join(folder, source);
    const { code: stressed, functionCount } = makeAsync(readFileSync(path, "utf8"), path);
    const { code, functions, diagnostics } = transformText(stressed, {
      fileName: `${name}/${source}`.replace(/\.js$/, ".cjs"),
      directive: "all",
      runtime: { require: WORDS[mode] },
      verify: true,
    });
    if (code === null)
      throw new Error(
        diagnostics
          .map((found) => `${source}: ${found.message} <${stressed.slice(found.start, found.end)}>`)
          .join("\n"),
      );
    writeFileSync(path, withLoops(code));
    count.functionCount += functionCount;
    count.checkpointCount += functions.reduce((sum, { checkpoints }) => sum + checkpoints.length, 0);
  }
  for (const test of testsOf(folder))
    writeFileSync(test, withLoops(makeAsync(readFileSync(test, "utf8"), test).code));
  return { folder, ...count };
}

function withLoops(code: string): string {
  return `var $async = require(${JSON.stringify(join(import.meta.dirname, "asyncLoops.ts"))});\n${code}`;
}

function testsOf(folder: string): readonly string[] {
  return readdirSync(join(folder, "test"))
    .filter((file) => file.endsWith(".js"))
    .map((file) => join(folder, "test", file));
}

function runTests(folder: string) {
  let [passed, failed, output] = [0, 0, ""];
  for (const test of testsOf(folder)) {
    const out = run(test);
    passed += Number(/^# pass +(\d+)/m.exec(out)?.[1] ?? 0);
    const isEnded = /^# tests/m.test(out);
    failed += Number(/^# fail +(\d+)/m.exec(out)?.[1] ?? (isEnded ? 0 : 1));
    if (!isEnded || /^not ok/m.test(out)) output += `${test}\n${out}\n`;
  }
  return { passed, failed, output };
}

function run(test: string): string {
  try {
    return execFileSync(process.execPath, ["--no-warnings", test], {
      encoding: "utf8",
      stdio: "pipe",
      timeout: 60_000,
    });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return `${stdout}\n${stderr}`;
  }
}
