import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkProgram } from "../../compiler/checkProgram.ts";
import type { Diagnostic, DiagnosticFix } from "../../compiler/diagnostic.ts";
import { applyFixes } from "../../compiler/diagnostics/applyFixes.ts";
import { findingsOf, readCases, type Suite } from "./cases.ts";

interface Fixed {
  readonly title: string;
  readonly safe: boolean;
  /** The module before, and what it has to be after. Without a `"use durable"` it is the body of a function. */
  readonly before: string;
  readonly after: string;
}

const HEAD = 'import { step } from "@durablec/runtime";\n';
const main = (body: string): string =>
  `export async function main(id: string, ids: string[]): Promise<unknown> { "use durable"; ${body} }`;

const SAFE: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "now extends an import": [
    HEAD + main("return Date.now();"),
    HEAD.replace("step", "step, now") + main("return now();"),
  ],
  "now is imported first": [
    `import { a } from "./a.ts";\n${main("return a + Date.now();")}\n=== a.ts\nexport const a = 1;\n`,
    `import { now } from "@durablec/runtime";\nimport { a } from "./a.ts";\n${main("return a + now();")}\n`,
  ],
  "single quotes are kept": [
    `import { a } from './a.ts';\n${main("return a + Date.now();")}\n=== a.ts\nexport const a = 1;\n`,
    `import { now } from '@durablec/runtime';\nimport { a } from './a.ts';\n${main("return a + now();")}\n`,
  ],
  "a module without imports gets one": [
    main("return Math.random();"),
    `import { random } from "@durablec/runtime";\n\n${main("return random();")}`,
  ],
  "a shebang stays first": [
    `#!/usr/bin/env node\n${main("return Math.random();")}`,
    `#!/usr/bin/env node\nimport { random } from "@durablec/runtime";\n\n${main("return random();")}`,
  ],
  "a directive of the module stays first": [
    `"use durable";\nexport async function main(): Promise<number> { return Math.random(); }`,
    `"use durable";\n\nimport { random } from "@durablec/runtime";\nexport async function main(): Promise<number> { return random(); }`,
  ],
  "an alias of the import is used": [
    `import { now as time } from "@durablec/runtime";\n${main("return Date.now() + time();")}`,
    `import { now as time } from "@durablec/runtime";\n${main("return time() + time();")}`,
  ],
  "a namespace import is used": [
    `import * as d from "@durablec/runtime";\n${main("return Date.now() + d.now();")}`,
    `import * as d from "@durablec/runtime";\n${main("return d.now() + d.now();")}`,
  ],
  "a name that is taken is left alone": [
    main("const now = 5; return now + Date.now();"),
    `import { now as durableNow } from "@durablec/runtime";\n\n${main("const now = 5; return now + durableNow();")}`,
  ],
  "an import that is shadowed is not used": [
    `import { now } from "@durablec/runtime";\nexport const t = now;\n${main("const now = 5; return now + Date.now();")}`,
    `import { now, now as durableNow } from "@durablec/runtime";\nexport const t = now;\n${main("const now = 5; return now + durableNow();")}`,
  ],
  "a type import is not extended": [
    `import type { StepOptions } from "@durablec/runtime";\nexport type O = StepOptions;\n${main("return Date.now();")}`,
    `import { now } from "@durablec/runtime";\nimport type { StepOptions } from "@durablec/runtime";\nexport type O = StepOptions;\n${main("return now();")}`,
  ],
  "a new date is made of the time": [
    HEAD + main("return [new Date(), new Date];"),
    HEAD.replace("step", "step, now") + main("return [new Date(now()), new Date(now())];"),
  ],
  "Date() as a text": [
    HEAD + main("return Date();"),
    HEAD.replace("step", "step, now") + main("return new Date(now()).toString();"),
  ],
  "element access": [
    HEAD + main('return Math["random"]();'),
    HEAD.replace("step", "step, random") + main("return random();"),
  ],
  "randomUUID of the platform": [
    HEAD + main("return crypto.randomUUID();"),
    HEAD.replace("step", "step, uuid") + main("return uuid();"),
  ],
  "randomUUID of node:crypto": [
    `import { randomUUID } from "node:crypto";\n${main("return randomUUID();")}`,
    `import { uuid } from "@durablec/runtime";\nimport { randomUUID } from "node:crypto";\n${main("return uuid();")}`,
  ],
  "a call in a callback": [
    HEAD + main("return ids.map(() => Math.random());"),
    HEAD.replace("step", "step, random") + main("return ids.map(() => random());"),
  ],
  "a misspelt directive": [
    'export async function main(): Promise<number> { "use durables"; return 1; }',
    'export async function main(): Promise<number> { "use durable"; return 1; }',
  ],
  "a misspelt directive in single quotes": [
    "export async function main(): Promise<number> { 'use-durable'; return 1; }",
    "export async function main(): Promise<number> { 'use durable'; return 1; }",
  ],
  "several in one file share an import": [
    HEAD + main("return [Date.now(), Date.now(), new Date()];"),
    HEAD.replace("step", "step, now") + main("return [now(), now(), new Date(now())];"),
  ],
};

const OFFERED: Readonly<Record<string, Fixed>> = {
  "a call in a step": {
    title: 'Wrap in step("readFileSync", ...)',
    safe: false,
    before: `import { readFileSync } from "node:fs";\n${HEAD}${main('return readFileSync(id, "utf8");')}`,
    after: `import { readFileSync } from "node:fs";\n${HEAD}${main('return await step("readFileSync", () => readFileSync(id, "utf8"));')}`,
  },
  "a helper's call in a step": {
    title: 'Wrap in step("stamp", ...)',
    safe: false,
    before: `${HEAD}${main("const at = stamp(); return at;")}\nfunction stamp(): number { return Date.now(); }`,
    after: `${HEAD}${main('const at = await step("stamp", () => stamp()); return at;')}\nfunction stamp(): number { return Date.now(); }`,
  },
  "a member of a result": {
    title: 'Wrap in step("stamp", ...)',
    safe: false,
    before: `${HEAD}${main("return stamp().at;")}\nfunction stamp(): { at: number } { return { at: Date.now() }; }`,
    after: `${HEAD}${main('return (await step("stamp", () => stamp())).at;')}\nfunction stamp(): { at: number } { return { at: Date.now() }; }`,
  },
  "a chain of members in a step": {
    title: 'Wrap in step("process.env.HOME", ...)',
    safe: false,
    before: `${HEAD}${main("return process.env.HOME;")}`,
    after: `${HEAD}${main('return await step("process.env.HOME", () => process.env.HOME);')}`,
  },
  "add await": {
    title: "Add await",
    safe: false,
    before: `${HEAD}${main('step("x", () => 1); return id;')}`,
    after: `${HEAD}${main('await step("x", () => 1); return id;')}`,
  },
  "add await before a chain": {
    title: "Add await",
    safe: false,
    before: `${HEAD}${main('step("x", () => 1).then((x) => x + 1); return id;')}`,
    after: `${HEAD}${main('await step("x", () => 1).then((x) => x + 1); return id;')}`,
  },
  "the directive for a helper": {
    title: "Mark 'pause' \"use durable\"",
    safe: false,
    before: `import { wait } from "@durablec/runtime";\n${main("await pause(); return 1;")}\nasync function pause(): Promise<void> {\n  await wait("1h");\n}`,
    after: `import { wait } from "@durablec/runtime";\n${main("await pause(); return 1;")}\nasync function pause(): Promise<void> {\n  "use durable";\n  await wait("1h");\n}`,
  },
  "add await to a variable": {
    title: "Add await",
    safe: false,
    before: `${HEAD}${main('const p = step("x", () => 1); return id;')}`,
    after: `${HEAD}${main('const p = await step("x", () => 1); return id;')}`,
  },
};

const NONE: Readonly<Record<string, string>> = {
  "an alias": HEAD + main("const read = Date.now; return read();"),
  "a pattern": HEAD + main("const { random } = Math; return random();"),
  "a function handed on": HEAD + main("return ids.map(Math.random);"),
  "a default parameter": `export async function main(at = Date.now()): Promise<number> { "use durable"; return at; }`,
  "performance.now, which counts from elsewhere: only a step": HEAD + main("return performance.now();"),
  "a call whose result cannot be recorded": `import { createReadStream } from "node:fs";\n${HEAD}${main("createReadStream(id); return 1;")}`,
  "a callback that cannot await": `import { statSync } from "node:fs";\n${HEAD}${main("return ids.map((x) => statSync(x).size);")}`,
  "a call with an await inside": `import { readFileSync } from "node:fs";\n${HEAD}${main('return readFileSync(await step("x", () => id), "utf8");')}`,
  "a uuid where the template type is asked for: only a step": `${HEAD}${main("const x: ReturnType<typeof crypto.randomUUID> = crypto.randomUUID(); return x;")}`,
};

/** In a file of its own: the harness adds imports to `main.ts`. */
function readOwn(sources: readonly (readonly [name: string, text: string])[]): Suite {
  return readCases(
    Object.fromEntries(
      sources.map(([name, text]) => [
        name,
        `export {};
=== own.ts
${text}`,
      ]),
    ),
  );
}

const safeSuite = readOwn(Object.entries(SAFE).map(([name, [before]]) => [name, before]));
const offeredSuite = readOwn(Object.entries(OFFERED).map(([name, { before }]) => [name, before]));
const noneSuite = readOwn(Object.entries(NONE));
const read = (file: string): string => readFileSync(file, "utf8");

function fixesOf(found: readonly Diagnostic[]): DiagnosticFix[] {
  return found.flatMap(({ fixes = [] }) => fixes);
}

/** The main file of a case, with fixes applied round by round as far as offsets allow. */
function fixMain(found: readonly Diagnostic[], isWanted: (fix: DiagnosticFix) => boolean): string {
  const { texts } = applyFixes(fixesOf(found).filter(isWanted), read);
  return [...texts].find(([file]) => file.endsWith("/own.ts"))?.[1] ?? "";
}

describe("safe fixes", () => {
  const { findings } = checkProgram(safeSuite.program);

  test("start from sound code", () => expect(safeSuite.typeErrors).toBe(""));

  test.each(Object.entries(SAFE))("%s", (name, [, after]) => {
    expect(fixMain(findingsOf(safeSuite, findings, name), ({ safe }) => safe)).toBe(after);
  });

  test("leave sound code that has no finding left", () => {
    const suite = readOwn(
      Object.entries(SAFE).map(([name, [, after]]) => [name, `${after}\n=== a.ts\nexport const a = 1;\n`]),
    );
    expect(suite.typeErrors).toBe("");
    expect(checkProgram(suite.program).findings.map(({ message }) => message)).toEqual([]);
  });
});

describe("fixes to choose", () => {
  const { findings } = checkProgram(offeredSuite.program);

  test("start from sound code", () => expect(offeredSuite.typeErrors).toBe(""));

  test.each(Object.entries(OFFERED))("%s", (name, { title, safe, after }) => {
    const own = findingsOf(offeredSuite, findings, name);
    const fix = fixesOf(own).find((one) => one.title === title);
    expect(fix?.safe).toBe(safe);
    expect(fixMain(own, (one) => one === fix)).toBe(after);
  });

  test("leave sound code that has no finding left", () => {
    const suite = readOwn(Object.entries(OFFERED).map(([name, { after }]) => [name, after]));
    expect(suite.typeErrors).toBe("");
    expect(checkProgram(suite.program).findings.map(({ message }) => message)).toEqual([]);
  });
});

describe("no fix is offered for", () => {
  const { findings } = checkProgram(noneSuite.program);

  test("sound code only", () => expect(noneSuite.typeErrors).toBe(""));

  test.each(Object.keys(NONE))("%s", (name) => {
    const own = findingsOf(noneSuite, findings, name);
    expect(own.length).toBeGreaterThan(0);
    const isStep = ({ title, safe }: DiagnosticFix) => !safe && title.startsWith("Wrap in step(");
    const others = name.endsWith("only a step") ? fixesOf(own).filter((fix) => !isStep(fix)) : fixesOf(own);
    expect(others).toEqual([]);
  });
});

describe("applying fixes", () => {
  const edit = (start: number, end: number, text: string) => ({ file: "a", start, end, text });
  const fix = (...edits: ReturnType<typeof edit>[]): DiagnosticFix => ({ title: "t", edits, safe: true });
  const apply = (...fixes: DiagnosticFix[]) => {
    const { texts, count } = applyFixes(fixes, () => "0123456789");
    return [texts.get("a"), count];
  };

  test("keeps the order of the text, whatever the order of the fixes", () => {
    expect(apply(fix(edit(8, 9, "x")), fix(edit(0, 1, "y")))).toEqual(["y1234567x9", 2]);
  });
  test("leaves the second of two that overlap for the next round", () => {
    expect(apply(fix(edit(0, 5, "x")), fix(edit(4, 6, "y")))).toEqual(["x56789", 1]);
  });
  test("takes all edits of a fix or none", () => {
    expect(apply(fix(edit(0, 2, "x")), fix(edit(1, 2, "y"), edit(8, 9, "z")))).toEqual(["x23456789", 1]);
  });
  test("inserts once what two fixes insert alike", () => {
    expect(apply(fix(edit(0, 0, "i"), edit(3, 4, "x")), fix(edit(0, 0, "i"), edit(5, 6, "y")))).toEqual([
      "i012x4y6789",
      2,
    ]);
  });
});
