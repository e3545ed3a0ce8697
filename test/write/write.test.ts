import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readProgram } from "../../compiler/1-read/readProgram.ts";
import { emitProject, toOutputOptions } from "../../compiler/5-write/emitProject.ts";
import { writeFiles } from "../../compiler/5-write/writeFiles.ts";

const folders: string[] = [];

function newFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "durablec-write-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe("emitting a project", () => {
  const config = {
    compilerOptions: {
      module: "NodeNext",
      target: "ES2023",
      rootDir: "src",
      types: [],
      noEmit: true,
      skipLibCheck: true,
    },
  };
  const files = {
    "package.json": '{ "type": "module" }',
    "tsconfig.json": JSON.stringify({ ...config, include: ["src"] }),
    "src/a.ts":
      'import { b } from "./deep/b.js";\nexport async function a(n: number): Promise<number> {\n  return b + n;\n}\n',
    "src/deep/b.ts": "export const b: number = 1;\n",
  };

  function emit(folder: string) {
    const program = readProgram({
      tsconfig: join(folder, "tsconfig.json"),
      adjust: (options) => toOutputOptions(options, join(folder, "out")),
    });
    const map = JSON.stringify({ version: 3, sources: ["wherever.ts"], names: [], mappings: "AAAA" });
    const modules = [{ path: "src/a.ts", code: "export const compiled = 1;\n", map }];
    const { files: made, errors } = emitProject(program, folder, modules);
    expect(errors).toEqual([]);
    return new Map(made.map(({ path, text }) => [path.slice(folder.length + 1), text]));
  }

  test("puts compiled code in the place of TypeScript's, and leaves the other modules to TypeScript", () => {
    const made = emit(newFolder(files));
    expect(made.get("out/a.js")).toBe("export const compiled = 1;\n//# sourceMappingURL=a.js.map\n");
    expect(made.get("out/deep/b.js")).toContain("export const b = 1;");
    expect([...made.keys()].sort()).toEqual(
      ["a", "deep/b"].flatMap((name) => [`out/${name}.d.ts`, `out/${name}.js`, `out/${name}.js.map`]).sort(),
    );
  });

  test("keeps the author's signatures in declarations", () => {
    expect(emit(newFolder(files)).get("out/a.d.ts")).toContain(
      "export declare function a(n: number): Promise<number>;",
    );
  });

  test("points source maps from where they lie to the author's file", () => {
    const map = JSON.parse(emit(newFolder(files)).get("out/a.js.map") ?? "{}") as Record<string, unknown>;
    expect(map).toMatchObject({ file: "a.js", sources: ["../src/a.ts"], mappings: "AAAA" });
  });
});

describe("writing a build", () => {
  test("replaces what differs, leaves the rest untouched, and leaves nothing else behind", () => {
    const folder = newFolder({ "same.js": "1", "other.js": "1" });
    const before = statSync(join(folder, "same.js")).mtimeMs;
    const changed = writeFiles([
      { path: join(folder, "same.js"), text: "1" },
      { path: join(folder, "other.js"), text: "2" },
      { path: join(folder, "deep/new.js"), text: "3" },
    ]);
    expect(changed).toEqual([join(folder, "other.js"), join(folder, "deep/new.js")]);
    expect(statSync(join(folder, "same.js")).mtimeMs).toBe(before);
    expect(readFileSync(join(folder, "other.js"), "utf8")).toBe("2");
    expect(readdirSync(folder).sort()).toEqual(["deep", "other.js", "same.js"]);
    expect(readdirSync(join(folder, "deep"))).toEqual(["new.js"]);
  });

  test("changes nothing when one file of it cannot be written", () => {
    const folder = newFolder({ "a.js": "old", occupied: "a file where a folder has to be" });
    const files = [
      { path: join(folder, "a.js"), text: "new" },
      { path: join(folder, "occupied/b.js"), text: "new" },
    ];
    expect(() => writeFiles(files)).toThrow();
    expect(readFileSync(join(folder, "a.js"), "utf8")).toBe("old");
    expect(readdirSync(folder).sort()).toEqual(["a.js", "occupied"]);
  });
});
