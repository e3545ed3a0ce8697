import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "durablec-package-"));
const project = join(folder, "project");

/** As a user's shell, with the Node that runs this test in front. */
function run(command: string, ...args: readonly string[]): string {
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
  };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, env, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** `dist` is there already (`pretest`), so packing does not have to build it again. */
function pack(packageFolder: string): { readonly tarball: string; readonly files: readonly string[] } {
  const printed = run(
    "npm",
    "pack",
    join(root, packageFolder),
    "--pack-destination",
    folder,
    "--ignore-scripts",
    "--json",
  );
  const [packed] = JSON.parse(printed) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

beforeAll(() => mkdirSync(project, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sources: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "elsewhere", private: true, type: "module" }),
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      target: "ES2023",
      module: "NodeNext",
      strict: true,
      rootDir: "src",
      outDir: "dist",
      types: [],
    },
    include: ["src"],
  }),
  "src/greet.ts": `import { step, wait } from "@durablec/runtime";
import { upper } from "./upper.js";

export async function greet(name: string): Promise<string> {
  "use durable";
  const loud = await upper(name);
  await wait({ milliseconds: 20 });
  return await step("greet", () => "Hello, " + loud);
}
`,
  "src/upper.ts": `export async function upper(text: string): Promise<string> {
  return text.toUpperCase();
}
`,
  "src/main.ts": `import { open } from "@durablec/runtime";
import { greet } from "./greet.js";

const engine = await open({ store: "greet.db", functions: [greet] });
const { id } = await engine.start(greet, "main");
export const greeting: unknown = await engine.result(id);
await engine.close();
`,
};

describe("the two packages", () => {
  const packed = { durablec: pack.bind(null, "."), runtime: pack.bind(null, "runtime") };

  test("work when they are installed into an empty project elsewhere", { timeout: 180_000 }, () => {
    for (const [path, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    const [durablec, runtime] = [packed.durablec(), packed.runtime()];
    for (const { files } of [durablec, runtime]) {
      expect(files).toContain("LICENSE");
      expect(files).toContain("README.md");
      expect(files.filter((path) => /tsbuildinfo$|(^|\/)test\//.test(path))).toEqual([]);
      for (const path of files.filter((file) => file.endsWith(".js"))) expect(files).toContain(`${path}.map`);
    }
    run("npm", "install", durablec.tarball, runtime.tarball, "--prefer-offline", "--no-audit", "--no-fund");

    run("npx", "durablec", "build");
    expect(readdirSync(join(project, "dist")).sort()).toEqual(
      ["greet", "main", "upper"]
        .flatMap((name) => [`${name}.d.ts`, `${name}.js`, `${name}.js.map`])
        .concat("durable.manifest.json")
        .sort(),
    );
    expect(readFileSync(join(project, "dist/greet.d.ts"), "utf8")).toContain(
      "greet(name: string): Promise<string>",
    );

    const shown = run("node", "-e", 'import("./dist/main.js").then(({ greeting }) => console.log(greeting))');
    expect(shown.trim()).toBe("Hello, MAIN");
    const invoked = run(
      "npx",
      "durablec",
      "invoke",
      "dist/greet.js#greet",
      "--input",
      '"cli"',
      "--id",
      "one",
      "--json",
    );
    expect(JSON.parse(invoked)).toEqual({ id: "one", status: "SUCCEEDED", result: "Hello, CLI" });
  });
});
