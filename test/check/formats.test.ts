import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readProgram } from "../../compiler/1-read/readProgram.ts";
import { readSyntaxErrors, readTypeErrors } from "../../compiler/1-read/readTypeErrors.ts";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { sortFindings } from "../../compiler/diagnostics/sortFindings.ts";
import { toGithub } from "../../compiler/formats/toGithub.ts";
import { toJsonFindings } from "../../compiler/formats/toJson.ts";
import { toPretty, toSummary } from "../../compiler/formats/toPretty.ts";
import { toSarif } from "../../compiler/formats/toSarif.ts";
import { formatTypeErrors, toFindings } from "../../compiler/formats/typeErrors.ts";

const TEXT = "const a = 1;\n\tconst now = Date.now();\nlast(\n  1,\n);\n";
const formatting = { cwd: "/shop", readText: () => TEXT };

function finding(over: Partial<Diagnostic> = {}): Diagnostic {
  const start = TEXT.indexOf("Date.now");
  return {
    code: "DC201",
    severity: "error",
    message: "'Date.now' reads the clock outside a step.",
    file: "/shop/src/main file.ts",
    start,
    end: start + "Date.now".length,
    notes: [{ message: "here, 100%: yes", file: "/shop/src/a.ts", start: 6, end: 7 }],
    advice: "Use now().",
    ...over,
  };
}

describe("the pretty face", () => {
  test("shows place, line, mark, notes and advice", () => {
    expect(toPretty([finding()], { ...formatting, colors: false })).toBe(
      [
        "src/main file.ts:2:14 - error DC201: 'Date.now' reads the clock outside a step.",
        "",
        "2  const now = Date.now();",
        "               ~~~~~~~~",
        "",
        "  src/a.ts:1:7",
        "    1 const a = 1;",
        "            ~",
        "    here, 100%: yes",
        "",
        "  Use now().",
        "",
      ].join("\n"),
    );
  });

  test("marks the first line of a place of several", () => {
    const start = TEXT.indexOf("last");
    const text = toPretty([finding({ start, end: TEXT.length - 1, notes: [] })], {
      ...formatting,
      colors: false,
    });
    expect(text).toContain("3 last(\n  ~~~~~\n");
  });

  test("uses colours only when asked", () => {
    const escape = "\u001b[";
    expect(toPretty([finding()], { ...formatting, colors: false })).not.toContain(escape);
    expect(toPretty([finding()], { ...formatting, colors: true })).toContain(`${escape}91merror${escape}0m`);
  });

  test("sums up by severity", () => {
    expect(toSummary([])).toBe("");
    expect(toSummary([finding()])).toBe("Found 1 error.");
    expect(toSummary([finding(), finding(), finding({ severity: "warning" })])).toBe(
      "Found 2 errors and 1 warning.",
    );
  });

  test("survives a file that is gone", () => {
    const gone = { cwd: "/shop", readText: () => undefined, colors: false };
    expect(toPretty([finding()], gone)).toContain("src/main file.ts:1:1 - error DC201");
  });
});

describe("the JSON face", () => {
  test("has code, slug, place and notes", () => {
    expect(toJsonFindings([finding()], formatting)).toEqual([
      {
        code: "DC201",
        slug: "clock-outside-step",
        severity: "error",
        message: "'Date.now' reads the clock outside a step.",
        advice: "Use now().",
        path: "src/main file.ts",
        line: 2,
        column: 14,
        endLine: 2,
        endColumn: 22,
        notes: [
          { message: "here, 100%: yes", path: "src/a.ts", line: 1, column: 7, endLine: 1, endColumn: 8 },
        ],
      },
    ]);
  });
});

describe("the SARIF face", () => {
  const findings = [
    finding(),
    finding({ code: "TS2345" }),
    finding({ code: "DC303", severity: "warning", notes: [] }),
  ];
  const log = toSarif(findings, { ...formatting, version: "1.2.3" }) as {
    version: string;
    runs: {
      tool: { driver: { name: string; semanticVersion: string; rules: { id: string; name?: string }[] } };
      results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        locations: unknown[];
        relatedLocations?: unknown[];
      }[];
      originalUriBaseIds: Record<string, { uri: string }>;
    }[];
  };
  const [run] = log.runs;

  test("is version 2.1.0 and names the tool", () => {
    expect(log.version).toBe("2.1.0");
    expect(run?.tool.driver).toMatchObject({ name: "durablec", semanticVersion: "1.2.3" });
    expect(run?.originalUriBaseIds).toEqual({ SRCROOT: { uri: "file:///shop/" } });
  });

  test("has each rule once, and results that point at theirs", () => {
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(["DC201", "DC303", "TS2345"]);
    expect(run?.results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level])).toEqual([
      ["DC201", 0, "error"],
      ["TS2345", 2, "error"],
      ["DC303", 1, "warning"],
    ]);
  });

  test("has regions, and notes as related places", () => {
    expect(run?.results[0]?.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: "src/main%20file.ts", uriBaseId: "SRCROOT" },
          region: { startLine: 2, startColumn: 14, endLine: 2, endColumn: 22 },
        },
      },
    ]);
    expect(run?.results[0]?.relatedLocations).toHaveLength(1);
    expect(run?.results[2]).not.toHaveProperty("relatedLocations");
  });
});

describe("the GitHub face", () => {
  test("is a workflow command with escapes", () => {
    expect(toGithub([finding()], formatting)).toBe(
      "::error file=src/main file.ts,line=2,endLine=2,col=14,endColumn=21,title=DC201 clock-outside-step::" +
        "'Date.now' reads the clock outside a step.%0Asrc/a.ts:1: here, 100%25: yes%0AUse now().",
    );
  });

  test("has no columns for several lines, and its own word for advice", () => {
    const start = TEXT.indexOf("last");
    const text = toGithub(
      [finding({ severity: "advice", start, end: TEXT.length - 1, notes: [] })],
      formatting,
    );
    expect(text).toMatch(/^::notice file=src\/main file\.ts,line=3,endLine=5,title=/);
  });
});

describe("findings in order", () => {
  test("go by file and place, and one code at one place is said once", () => {
    const a = finding({ file: "/shop/b.ts", start: 5, message: "first" });
    const b = finding({ file: "/shop/b.ts", start: 5, message: "again" });
    const c = finding({ file: "/shop/a.ts", start: 9 });
    const d = finding({ file: "/shop/b.ts", start: 1 });
    expect(sortFindings([a, b, c, d])).toEqual([c, d, a]);
  });
});

describe("TypeScript's own errors", () => {
  const folder = mkdtempSync(join(tmpdir(), "durablec-errors-"));
  const tsc = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
  const write = (name: string, files: Readonly<Record<string, string>>): string => {
    mkdirSync(join(folder, name));
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, name, path), text);
    return join(folder, name);
  };
  const config = JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, types: [], lib: ["ES5"] },
    include: ["*.ts"],
  });
  const projects = {
    types: {
      "tsconfig.json": config,
      "a.ts": 'const x: number = "1";\nexport const y: { a: { b: number } } = { a: { b: "x" } };\n',
      "b.ts": 'import { z } from "./a.js";\nz();\n',
    },
    syntax: { "tsconfig.json": config, "a.ts": 'export const x = ;\nconst y: number = "1";\n' },
    config: {
      "tsconfig.json":
        '{ "compilerOptions": { "module": "nonsense", "lib": ["ES5"], "types": [] }, "include": ["*.ts"] }',
      "a.ts": "export {};\n",
    },
    clean: { "tsconfig.json": config, "a.ts": "export const x = 1;\n" },
  };
  const folders = new Map<string, string>();
  beforeAll(() => {
    for (const [name, files] of Object.entries(projects)) folders.set(name, write(name, files));
  });

  test.each(Object.keys(projects))("of a project with wrong %s are printed as tsc prints them", (name) => {
    const cwd = folders.get(name) ?? "";
    const errors = readTypeErrors(readProgram({ tsconfig: join(cwd, "tsconfig.json") }));
    for (const pretty of name === "types" ? [false, true] : [false]) {
      const { stdout } = spawnSync(
        process.execPath,
        [tsc, "-p", ".", "--noEmit", "--pretty", String(pretty)],
        { cwd, encoding: "utf8" },
      );
      // In a terminal tsc adds a table of files and counts below.
      const [said = ""] = stdout.split(/\n+Found \d+ error/);
      expect(formatTypeErrors(errors, { cwd, colors: pretty }).trimEnd()).toBe(said.trimEnd());
    }
  });

  test("without type checks, only the syntax speaks", () => {
    const read = (name: string) =>
      readSyntaxErrors(readProgram({ tsconfig: join(folders.get(name) ?? "", "tsconfig.json") })).length;
    expect(read("types")).toBe(0);
    expect(read("syntax")).toBe(1);
  });

  test("become findings for the other faces", () => {
    const cwd = folders.get("types") ?? "";
    const tsconfig = join(cwd, "tsconfig.json");
    const found = toFindings(readTypeErrors(readProgram({ tsconfig })), tsconfig);
    const readText = (file: string) => readFileSync(file, "utf8");
    expect(toJsonFindings(found, { cwd, readText })[0]).toMatchObject({
      code: "TS2322",
      slug: null,
      severity: "error",
      path: "a.ts",
      line: 1,
      column: 7,
    });
  });
});
