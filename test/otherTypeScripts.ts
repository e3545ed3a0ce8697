/**
 * Projects that have another TypeScript than the one in durablec: `npm run other-typescripts`. Each version is installed,
 * beside a copy of the refused fixtures, into `.cache`; every face that can run there has to say what the command line
 * says here. TypeScript 7 has no server that loads plugins and no API for parsers: there, the command line and ESLint are
 * asked, and ESLint's parser is typescript-eslint with its own TypeScript.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ESLint, type Linter } from "eslint";
import tseslint from "typescript-eslint";
import type { JsonFinding } from "../compiler/formats/toJson.ts";
import { recommended } from "../integrations/eslint/index.ts";
import { startTsServer } from "./integrations/tsserverClient.ts";

const ROOT = join(import.meta.dirname, "..");
const VERSIONS = ["5.9.3", "7.0.2"];

function install(version: string): string {
  const folder = join(ROOT, ".cache/other-typescripts", version);
  rmSync(join(folder, "project"), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "node_modules/typescript"))) {
    const { status } = spawnSync(
      "npm",
      ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", `typescript@${version}`],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    if (status !== 0) throw new Error(`npm install ended with ${status}`);
  }
  for (const [name, target] of [
    ["durablec", "."],
    ["@durablec/runtime", "runtime"],
    ["@types/node", "node_modules/@types/node"],
    ["uuid", "node_modules/uuid"],
  ] as const)
    link(join(ROOT, target), join(folder, "node_modules", name));
  cpSync(join(ROOT, "fixtures/refuse"), join(folder, "project"), { recursive: true });
  return join(folder, "project");
}

function link(target: string, path: string): void {
  if (!existsSync(target) || existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, "dir");
}

/** `DC201-clock-outside-step/main.ts:5 DC201`, sorted. */
type Lines = readonly string[];

function lintAt(folder: string): Lines {
  const main = join(ROOT, "dist/cli/main.js");
  const { stdout } = spawnSync(process.execPath, [main, "lint", "--format", "json", "--no-cache"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 100_000_000,
  });
  const findings = JSON.parse(stdout) as readonly JsonFinding[];
  return findings.map(({ code, path, line }) => `${path}:${line} ${code}`).sort();
}

async function eslintAt(folder: string, languageOptions: Linter.LanguageOptions): Promise<Lines> {
  const eslint = new ESLint({
    cwd: folder,
    overrideConfigFile: true,
    overrideConfig: [recommended, { files: ["**/*.ts"], languageOptions }],
  });
  const results = await eslint.lintFiles(["**/*.ts"]);
  return results
    .flatMap(({ filePath, messages }) =>
      messages.map(({ messageId = "", line }) => `${relative(folder, filePath)}:${line} ${messageId}`),
    )
    .sort();
}

async function serverAt(folder: string): Promise<Lines> {
  const server = startTsServer(
    dirname(folder),
    join(dirname(folder), "node_modules/typescript/lib/tsserver.js"),
  );
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  for (const path of files) server.notify("open", { file: join(folder, path), projectRootPath: folder });
  const lines: string[] = [];
  for (const path of files) {
    const said = await server.request<
      readonly {
        readonly source?: string;
        readonly code: number;
        readonly start: { readonly line: number };
      }[]
    >("semanticDiagnosticsSync", { file: join(folder, path) });
    for (const { source, code, start } of said)
      if (source === "durablec") lines.push(`${path}:${start.line} DC${code}`);
  }
  await server.stop();
  return lines.sort();
}

function compare(what: string, said: Lines, expected: Lines): void {
  const differs = [
    ...said.filter((line) => !expected.includes(line)),
    ...expected.filter((line) => !said.includes(line)),
  ];
  console.log(
    `${what}: ${said.length} findings${differs.length === 0 ? ", the same" : `, differs:\n${differs.join("\n")}`}`,
  );
  if (differs.length > 0 || said.length === 0) process.exitCode = 1;
}

const expected = lintAt(join(ROOT, "fixtures/refuse"));
const parser = tseslint.parser as Linter.Parser;
for (const version of VERSIONS) {
  const folder = install(version);
  compare(`TypeScript ${version}, durablec lint`, lintAt(folder), expected);
  compare(`TypeScript ${version}, ESLint`, await eslintAt(folder, { parser }), expected);
  const parserOptions = { project: "./tsconfig.json", tsconfigRootDir: folder };
  compare(
    `TypeScript ${version}, ESLint with types`,
    await eslintAt(folder, { parser, parserOptions }),
    expected,
  );
  if (existsSync(join(folder, "../node_modules/typescript/lib/tsserver.js")))
    compare(`TypeScript ${version}, its server`, await serverAt(folder), expected);
}
