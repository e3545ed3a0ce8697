import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { build } from "../../compiler/build.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/typescript");
const CACHE = join(import.meta.dirname, "../../.cache");

/** Inside the repository, so that the output finds the runtime. */
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, "typescript-"));
/** Whole projects are built here: much, on a machine that does something else too. */
const LIMIT_MS = 120_000;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function buildInto(tsconfig: string, outDir: string) {
  const built = build({ tsconfig: join(FIXTURES, tsconfig), outDir });
  expect(built.typeErrors.map(({ messageText }) => messageText)).toEqual([]);
  expect(built.hasErrors).toBe(false);
  return built;
}

function run(path: string): string {
  const script = `import(${JSON.stringify(path)}).then((m) => m.main()).then((lines) => console.log(lines.join("\\n")))`;
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
}

test.each([
  ["ES modules with standard decorators", "tsconfig.json", "module", "more.mjs"],
  ["CommonJS with legacy decorators", "tsconfig.commonjs.json", "commonjs", "main.js"],
  ["syntax that only has to be erased", "tsconfig.erasable.json", "module", "main.mjs"],
])(
  "%s: what is built does what TypeScript's own output does",
  (_name, tsconfig, type, main) => {
    const out = mkdtempSync(join(folder, "out-"));
    writeFileSync(join(out, "package.json"), JSON.stringify({ type }));
    const [native, compiled] = [join(out, "native"), join(out, "compiled")];
    const { modules, program } = buildInto(tsconfig, compiled);
    // TypeScript's own output of the same program, beside ours.
    mkdirSync(native);
    program.emit(undefined, (path, text) => writeFileSync(path.replace(compiled, native), text));
    expect(modules.length).toBeGreaterThan(0);
    expect(run(join(compiled, main))).toBe(run(join(native, main)));
    // Declarations keep the author's signatures, and nothing is written that the project does not ask for.
    const [ours, theirs] = [readdirSync(compiled).sort(), readdirSync(native).sort()];
    for (const name of theirs.filter((one) => /\.d\.[cm]?ts(\.map)?$/.test(one)))
      expect(readFileSync(join(compiled, name), "utf8")).toBe(readFileSync(join(native, name), "utf8"));
    expect(ours).toEqual([...theirs, "durable.manifest.json"].sort());
    expect(ours.some((name) => /\.(map|d\.ts)$/.test(name))).toBe(tsconfig !== "tsconfig.erasable.json");
  },
  LIMIT_MS,
);

test(
  "a project that refers to a built one calls its durable functions as such, and leaves aliases as they are",
  () => {
    const core = join(CACHE, "typescript-core");
    buildInto("core/tsconfig.json", core);
    try {
      const { modules } = buildInto("app/tsconfig.json", join(folder, "app"));
      const [main] = modules.find(({ path }) => path === "main.ts")?.functions ?? [];
      expect(main?.checkpoints.map(({ kind, name }) => `${kind} ${name ?? ""}`.trim())).toEqual([
        "task prepare",
        "step reserve",
        "task prepare",
        "value",
      ]);
      const code = readFileSync(join(folder, "app/main.js"), "utf8");
      expect(code).toContain('from "#app/lib/unit"');
      expect(code).not.toContain("@later");
    } finally {
      rmSync(core, { recursive: true });
    }
  },
  LIMIT_MS,
);
