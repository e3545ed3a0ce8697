import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig, readConfig } from "../../compiler/1-read/config/readConfig.ts";
import { checkDeterminism } from "../../compiler/2-check/checkDeterminism.ts";
import { checkImplicitSteps } from "../../compiler/2-check/checkImplicitSteps.ts";
import { checkProgram } from "../../compiler/checkProgram.ts";
import { DEFAULT_CONFIG, type Config } from "../../compiler/config.ts";
import { findingsOf, readCases, testCases } from "./cases.ts";

const parse = (text: string, name = "durablec.config.json") => parseConfig(`/p/${name}`, text);
const complaints = (text: string, name?: string) =>
  parse(text, name).problems.map(({ message }) =>
    message.replace("The configuration cannot be used as it is: ", ""),
  );

describe("a configuration is read", () => {
  const wanted: Config = {
    pure: new Set(["Date.now", "./src/clock.ts#read"]),
    impure: new Set(["fs#readFileSync"]),
    step: new Set(["pay#charge"]),
    severity: new Map([["DC303", "off"]]),
    explicitSteps: true,
  };
  const body = `{ "pure": ["Date.now", "./src/clock.ts#read"], "impure": ["node:fs#readFileSync"], "step": ["pay#charge"],
    "severity": { "DC303": "off" }, "explicitSteps": true }`;
  const forms: Readonly<Record<string, readonly [name: string, text: string]>> = {
    "from JSON": ["durablec.config.json", body],
    "from an export": ["durablec.config.mjs", `export default ${body};`],
    "from CommonJS": ["durablec.config.js", `module.exports = ${body};`],
    "with types around it": ["durablec.config.ts", `export default ${body} satisfies object as const;`],
    "through a function that types it": ["durablec.config.ts", `export default defineConfig(${body});`],
    "through a constant": ["durablec.config.ts", `const config = ${body};\nexport default config;`],
  };
  test.each(Object.entries(forms))("%s", (_, [name, text]) => {
    expect(parse(text, name)).toEqual({ config: wanted, problems: [] });
  });
  test("with a schema's address in it", () => {
    expect(parse('{ "$schema": "https://x/y.json" }')).toEqual({ config: DEFAULT_CONFIG, problems: [] });
  });
});

describe("a configuration is refused for", () => {
  const wrong: Readonly<Record<string, readonly [text: string, complaint: RegExp]>> = {
    "a key that is not known": ['{ "explicitStep": true }', /^the key 'explicitStep' is not known/],
    "a key twice": ['{ "explicitSteps": true, "explicitSteps": false }', /stands here twice/],
    "no object": ["[]", /has to be an object/],
    "a list that is none": ['{ "pure": "Date.now" }', /'pure' has to be a list/],
    "a name that is no text": ['{ "pure": [5] }', /has to be a text/],
    "a name that names nothing": ['{ "pure": ["what is this"] }', /neither 'module#export' nor a global/],
    "a code that is not known": ['{ "severity": { "DC999": "off" } }', /'DC999' is no code/],
    "a severity that is not known": [
      '{ "severity": { "DC201": "loud" } }',
      /^a severity is one of error, warning/,
    ],
    "a code that has no choice": ['{ "severity": { "DC101": "off" } }', /'DC101' has no other severity/],
    "a switch that is none": ['{ "explicitSteps": "yes" }', /'explicitSteps' has to be true or false/],
    syntax: ['{ "pure": [ }', /^Expression expected|expected/],
  };
  test.each(Object.entries(wrong))("%s", (_, [text, complaint]) => {
    const found = complaints(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(complaint);
  });

  test("what would have to be run", () => {
    expect(complaints("export default { pure: process.env.X };", "durablec.config.ts")).toEqual([
      "'pure' has to be a list of names.",
    ]);
    expect(complaints("export default { ...base };", "durablec.config.ts")[0]).toMatch(/read and not run/);
    expect(complaints("export const x = 1;", "durablec.config.ts")[0]).toMatch(/no 'export default'/);
  });

  test("the place is the part that is wrong, and the rest still counts", () => {
    const text = '{ "explicitSteps": true, "pur": [] }';
    const { config, problems } = parse(text);
    expect(config.explicitSteps).toBe(true);
    expect(problems.map(({ start, end, file }) => [text.slice(start, end), file])).toEqual([
      ['"pur"', "/p/durablec.config.json"],
    ]);
  });
});

describe("the file", () => {
  const root = mkdtempSync(join(tmpdir(), "durablec-config-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("may be missing, and of two the second is reported", () => {
    expect(readConfig(root)).toEqual({ config: DEFAULT_CONFIG, problems: [] });
    writeFileSync(join(root, "durablec.config.mjs"), "export default { explicitSteps: true };");
    expect(readConfig(root).config.explicitSteps).toBe(true);
    writeFileSync(join(root, "durablec.config.json"), "{}");
    const { config, problems } = readConfig(root);
    expect(config.explicitSteps).toBe(false);
    expect(problems.map(({ file }) => file)).toEqual([`${root}/durablec.config.mjs`]);
  });
});

const HELPERS = `
=== helpers.ts
export function read(): number { return Date.now(); }
export const clock = { read: () => Date.now() };
export function rate(): number { return 4; }
export class Rates { today(): number { return rate(); } }
export function through(): number { return rate(); }
export async function charge(id: string): Promise<string> { return id; }
export async function refund(id: string): Promise<string> { return id; }
export async function marked(id: string): Promise<string> { "use step"; return id; }
export async function child(id: string): Promise<string> { "use durable"; return id; }
`;

describe("names of the configuration", () => {
  const suite = readCases({
    "finds a listed function of Node": `import { inspect } from "node:util";\n const x = «inspect»(id);`,
    "finds it under another name": `import * as u from "util";\n const x = «u.inspect»(id);`,
    "finds it handed on": `import { inspect } from "node:util";\n const x = ids.map((x) => x).map(«inspect» as (x: string) => string);`,
    "finds a listed global": `const x = «structuredClone»(id);`,
    "finds a listed member of a global": `const x = «Intl.getCanonicalLocales»();`,
    "finds a listed function of the project": `import { rate } from "./helpers.ts";\n const x = «rate»(); ${HELPERS}`,
    "finds it through another function": `import { through } from "./helpers.ts";\n const x = «through»(); ${HELPERS}`,
    "finds it through a method": `import { Rates } from "./helpers.ts";\n const x = «new Rates().today»(); ${HELPERS}`,
    "accepts it in a step": `import { inspect } from "node:util";\n const x = await step("x", () => inspect(id));`,
    "accepts another function of that module": `import { format } from "node:util";\n const x = format(id);`,
    "accepts a function of the same name": `const inspect = (x: string) => x; const rate = () => 5; inspect(id); rate();`,
    "accepts a pure global": `const x = performance.now();`,
    "accepts a pure member": `const x = Math.random(); const y = [1].map(Math.random);`,
    "accepts a pure function of Node": `import { hostname } from "node:os";\n const x = hostname();`,
    "accepts a pure function of the project": `import { read, clock } from "./helpers.ts";\n const x = read() + clock.read(); ${HELPERS}`,
    "accepts a type": `import type { inspect } from "node:util";\n const x: typeof inspect | null = null;`,
  });
  // Cases are folders of one project, and names are relative to it.
  const folders = suite.cases.map((_, index) => `./case${index}/helpers.ts`);
  const config: Config = {
    ...DEFAULT_CONFIG,
    pure: new Set([
      "performance.now",
      "Math.random",
      "os#hostname",
      ...folders.flatMap((file) => [`${file}#read`, `${file}#clock.read`]),
    ]),
    impure: new Set([
      "util#inspect",
      "structuredClone",
      "Intl.getCanonicalLocales",
      ...folders.map((file) => `${file}#rate`),
    ]),
  };
  testCases(suite, checkDeterminism(suite.program, config));
});

describe("explicit steps", () => {
  const suite = readCases({
    "finds an awaited call": `import { charge } from "./helpers.ts";\n await «charge(id)»; ${HELPERS}`,
    "finds one that is held": `import { charge } from "./helpers.ts";\n const p = «charge(id)»; await p; ${HELPERS}`,
    "finds those in Promise.all": `import { charge } from "./helpers.ts";\n await Promise.all([«charge("a")», «charge("b")»]); ${HELPERS}`,
    "finds a library's": `import { readFile } from "node:fs/promises";\n await «readFile("a", "utf8")»;`,
    "finds a global's": `const r = await step("x", async () => 1); const y = await «fetch("a")»;`,
    "finds a member's": `import * as h from "./helpers.ts";\n await «h.charge(id)»; ${HELPERS}`,
    "finds a value's": `export async function main(f: () => Promise<number>): Promise<number> { "use durable"; return await «f()»; }`,
    "finds one inside an async function": `import { charge } from "./helpers.ts";\n const f = async () => { await «charge(id)»; }; await f(); ${HELPERS}`,
    "accepts a step": `import { charge } from "./helpers.ts";\n await step("charge", () => charge(id)); ${HELPERS}`,
    "accepts an operation": `await wait("1s"); await checkpoint();`,
    "accepts a child task": `import { child } from "./helpers.ts";\n await child(id); ${HELPERS}`,
    "accepts a marked step": `import { marked } from "./helpers.ts";\n await marked(id); ${HELPERS}`,
    "accepts a listed function": `import { refund } from "./helpers.ts";\n await refund(id); ${HELPERS}`,
    "accepts a listed function of a module": `import { setTimeout as sleep } from "node:timers/promises";\n await sleep(5);`,
    "accepts a value": `const p = step("x", () => 1); await p; await 5;`,
    "accepts a combinator": `await Promise.all([step("x", () => 1)]);`,
    "accepts an async function inside": `const f = async () => { await wait("1s"); }; await f();`,
  });
  const step = new Set([
    "timers/promises#setTimeout",
    ...suite.cases.map((_, index) => `./case${index}/helpers.ts#refund`),
  ]);
  testCases(suite, checkImplicitSteps(suite.program, { ...DEFAULT_CONFIG, explicitSteps: true, step }));

  test("say nothing where they are not asked for", () => {
    expect(checkImplicitSteps(suite.program, DEFAULT_CONFIG)).toEqual([]);
  });
});

describe("comments that ignore", () => {
  const suite = readCases({
    "accepts the next line": `// durablec-ignore DC201: only shown\n const a = Date.now();`,
    "accepts its own line": `const a = Date.now(); // durablec-ignore DC201: only shown`,
    "accepts a block comment": `/* durablec-ignore DC201: only shown */\n const a = Date.now();`,
    "accepts empty lines and comments between": `// durablec-ignore DC201: only shown\n\n // more of it\n const a = Date.now();`,
    "accepts two codes": `// durablec-ignore DC201, DC202: a test's seed\n const a = Date.now() + Math.random();`,
    "accepts two of one code on a line": `// durablec-ignore DC201: only shown\n const a = Date.now() - Date.now();`,
    "accepts two comments": `// durablec-ignore DC201: only shown\n // durablec-ignore DC202: any will do\n const a = Date.now() + Math.random();`,
    "accepts the words in a text": `const a = "// durablec-ignore DC201"; const b = \`/* durablec-ignore */\`; const c = /\\/\\/ durablec-ignore/;`,
    "accepts other comments": `// durablec ignores this. See durablec-ignore in the docs\n const a = 1;`,
    "finds the line after the next": `// «durablec-ignore» DC201: only shown\n const b = 1;\n const a = «Date.now»();`,
    "finds another code": `// «durablec-ignore» DC202: only shown\n const a = «Date.now»();`,
    "finds one that is not used": `// «durablec-ignore» DC201: only shown\n const a = 1;`,
    "finds one of two codes that is not used": `// «durablec-ignore» DC201, DC202: only shown\n const a = Date.now();`,
    "finds one without a reason": `// «durablec-ignore» DC201\n const a = «Date.now»();`,
    "finds one with an empty reason": `// «durablec-ignore» DC201: -\n const a = «Date.now»();`,
    "finds one without a code": `// «durablec-ignore»: only shown\n const a = «Date.now»();`,
    "finds one with an unknown code": `// «durablec-ignore» DC999: only shown\n const a = «Date.now»();`,
    "finds one of what cannot be ignored": `// «durablec-ignore» DC111: it is fine\n const a = «eval("1")» as number;`,
    "finds one in ordinary code": `export const a = 1; // «durablec-ignore» DC201: only shown`,
  });
  const { findings } = checkProgram(suite.program);
  testCases(suite, findings);

  test("say what they lack", () => {
    const lackOf = (name: string) =>
      findingsOf(suite, findings, name).find(({ code }) => code === "DC112")?.message;
    expect(lackOf("finds one without a reason")).toBe(
      "This durablec-ignore gives no reason, so it ignores nothing.",
    );
    expect(lackOf("finds one without a code")).toContain("names no code");
    expect(lackOf("finds one of what cannot be ignored")).toContain("names DC111, which cannot be ignored");
  });

  test("severities are what the project says", () => {
    const config: Config = {
      ...DEFAULT_CONFIG,
      severity: new Map([
        ["DC201", "warning"],
        ["DC113", "off"],
      ]),
    };
    const changed = checkProgram(suite.program, config).findings;
    const codes = findingsOf(suite, changed, "finds another code").map(
      ({ code, severity }) => `${code} ${severity}`,
    );
    expect(codes).toEqual(["DC201 warning"]);
  });
});
