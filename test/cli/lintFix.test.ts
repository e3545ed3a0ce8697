import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runIn } from "./fakeIo.ts";

const root = join(import.meta.dirname, "../..");
const cwd = mkdtempSync(join(tmpdir(), "durablec-fix-"));
const at = (path: string) => join(cwd, path);

const options = {
  ...{ target: "ES2023", lib: ["ES2023", "DOM"], module: "NodeNext", strict: true, types: [] },
  ...{ rootDir: "src", noEmit: true, skipLibCheck: true },
};
mkdirSync(at("src"));
symlinkSync(join(root, "node_modules"), at("node_modules"));
writeFileSync(at("package.json"), JSON.stringify({ name: "fixing", type: "module" }));
writeFileSync(at("tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["src"] }));

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("lint --fix goes on until nothing safe is left, and the fixed code builds", async () => {
  const mark = "\uFEFF";
  writeFileSync(
    at("src/a.ts"),
    `${mark}export async function a(): Promise<unknown> {\r\n  "use durables";\r\n  return [Date.now(), Math.random(), crypto.randomUUID(), new Date()];\r\n}\r\n`,
  );
  const fixed = await runIn({ cwd }, "lint", "--fix");
  expect(fixed.err).toBe("applied 5 fixes in 1 file\n");
  expect(fixed).toMatchObject({ exit: 0, out: "nothing found in 1 durable function\n" });
  expect(readFileSync(at("src/a.ts"), "utf8")).toBe(
    `${mark}import { now, random, uuid } from "@durablec/runtime";\r\n\r\nexport async function a(): Promise<unknown> {\r\n  "use durable";\r\n  return [now(), random(), uuid(), new Date(now())];\r\n}\r\n`,
  );
  expect((await runIn({ cwd }, "build")).exit).toBe(0);
});

test("lint --fix leaves what is not safe, and says so", async () => {
  const source = `import { wait } from "@durablec/runtime";\nexport async function a(): Promise<void> {\n  "use durable";\n  wait("1s");\n}\n`;
  writeFileSync(at("src/a.ts"), source);
  const fixed = await runIn({ cwd }, "lint", "--fix");
  expect(fixed).toMatchObject({ exit: 1, err: "applied 0 fixes in 0 files\n" });
  expect(fixed.out).toContain("DC210");
  expect(readFileSync(at("src/a.ts"), "utf8")).toBe(source);
});
