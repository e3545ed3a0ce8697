/**
 * Random programs of the supported language. Every program ends: loops count, and `fuel` throws when a program takes
 * too long. Names in one block are never used before their declaration, which the compiler would refuse.
 */

/** Numbers from a seed: the same seed, the same program. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Scope {
  /** Variables that may be assigned, and those that may only be read. */
  readonly mutable: readonly string[];
  readonly constant: readonly string[];
  /** Functions of one number. */
  readonly functions: readonly string[];
  readonly asyncFunctions: readonly string[];
  readonly loops: readonly string[];
  /** Inside a loop or switch of this function. */
  readonly canBreak: boolean;
  readonly canContinue: boolean;
  readonly isAsync: boolean;
  readonly depth: number;
}

interface Generator {
  readonly random: () => number;
  names: number;
}

export function generateProgram(seed: number): string {
  const g: Generator = { random: createRandom(seed), names: 0 };
  const top: Scope = {
    mutable: ["a", "b"],
    constant: ["n"],
    functions: ["plain"],
    asyncFunctions: ["child"],
    loops: [],
    canBreak: false,
    canContinue: false,
    isAsync: true,
    depth: 0,
  };
  return [
    'import { fail, later, log, seen, spy } from "../support.ts";',
    "let left = 400;",
    'const fuel = () => { if (--left < 0) throw new RangeError("out of fuel"); };',
    "const plain = (x) => { log('plain', x); return x + 1; };",
    'async function child(n) {\n  "use durable";\n  let a = n;\n  let b = 2;',
    "  {",
    ...block(g, { ...top, asyncFunctions: [], depth: 3 }),
    "  }",
    "  return a + b;\n}",
    'export async function main(n = 3) {\n  "use durable";\n  let a = 1;\n  let b = 2;',
    '  const o = spy("o", { x: 1, y: 2, m(...args) { return args.length + this.x; } });',
    "  const list = [1, 2, 3];\n  const calls = [];",
    ...block(g, top),
    "  return [a, b, { ...o, m: 0 }, list, calls.map((call) => { try { return call(); } catch (error) { return String(error); } })];\n}",
  ].join("\n");
}

function pick<T>(g: Generator, list: readonly T[]): T {
  return list[Math.floor(g.random() * list.length)] as T;
}

function chance(g: Generator, probability: number): boolean {
  return g.random() < probability;
}

function block(g: Generator, scope: Scope): string[] {
  let inner: Scope = { ...scope, depth: scope.depth + 1 };
  const lines: string[] = [];
  // Shadows an outer variable: first in its block, so that nothing uses the name before.
  if (scope.depth > 0 && chance(g, 0.15)) {
    const name = pick(g, ["a", "b"]);
    const without = { ...inner, mutable: inner.mutable.filter((known) => known !== name) };
    lines.push(`let ${name} = ${expression(g, { ...without, functions: [], asyncFunctions: [] }, 1)};`);
  }
  const count = (scope.depth === 0 ? 4 : 1) + Math.floor(g.random() * (scope.depth > 2 ? 3 : 5));
  for (let index = 0; index < count; index++) {
    if (chance(g, 0.3)) {
      const [line, next] = declaration(g, inner);
      lines.push(line);
      inner = next;
    } else lines.push(...statement(g, inner));
  }
  if (chance(g, 0.3)) lines.push(`log(${inner.mutable.slice(-4).join(", ")});`);
  return lines.map((line) => line.replaceAll(/^/gm, "  "));
}

function fresh(g: Generator, prefix: string): string {
  return `${prefix}${++g.names}`;
}

function declaration(g: Generator, scope: Scope): [string, Scope] {
  const name = fresh(g, "v");
  const value = (): string => expression(g, scope, 2);
  switch (Math.floor(g.random() * 8)) {
    case 0:
      return [`const ${name} = ${value()};`, { ...scope, constant: [...scope.constant, name] }];
    case 1:
      return [`let ${name};`, { ...scope, mutable: [...scope.mutable, name] }];
    case 2: {
      const other = fresh(g, "v");
      const initial = expression(g, chance(g, 0.9) ? { ...scope, isAsync: false } : scope, 2);
      const line = `let { x: ${name} = ${initial}, y: ${other} } = { y: ${value()} };`;
      return [line, { ...scope, mutable: [...scope.mutable, name, other] }];
    }
    case 3: {
      const inside = functionScope(scope, ["x"], false);
      return [
        `const ${name} = (x) => ${expression(g, inside, 2)};`,
        { ...scope, functions: [...scope.functions, name] },
      ];
    }
    case 4: {
      const body = block(g, { ...functionScope(scope, ["x"], true), depth: scope.depth + 1 });
      const line = `const ${name} = async (x, y = ${scope.constant[0] ?? 1}) => {\n  fuel();\n${body.join("\n")}\n  return x;\n};`;
      return [line, { ...scope, asyncFunctions: [...scope.asyncFunctions, name] }];
    }
    case 5:
      return [
        `const [${name} = 1, ...${name}s] = [${value()}, ${value()}];`,
        { ...scope, constant: [...scope.constant, name, `${name}s.length`] },
      ];
    case 6: {
      const inside = functionScope(scope, ["x"], false);
      const line = `function ${name}(x) { fuel(); return x > 0 ? ${name}(x - 5) : ${expression(g, inside, 1)}; }`;
      return [line, { ...scope, functions: [...scope.functions, name] }];
    }
    default:
      return [`let ${name} = ${value()};`, { ...scope, mutable: [...scope.mutable, name] }];
  }
}

function functionScope(scope: Scope, parameters: readonly string[], isAsync: boolean): Scope {
  return {
    ...scope,
    mutable: [...scope.mutable, ...parameters],
    loops: [],
    canBreak: false,
    canContinue: false,
    isAsync,
  };
}

/**
 * Shapes in which known mistakes of such compilers show, and which chance alone makes too seldom: an operand that the
 * awaited code assigns, a loop variable that a closure keeps, a variable that only a handler reads.
 */
function idiom(g: Generator, scope: Scope): string[] {
  const v = pick(g, scope.mutable);
  const value = (): string => expression(g, scope, 1);
  const i = fresh(g, "i");
  switch (Math.floor(g.random() * 5)) {
    case 0:
      return [`log(${v} + (await later((${v} = ${value()}))) + ${v});`];
    case 1:
      return [`log([${v}, ${v}++, await later(${v}), (${v} = ${value()})], await later(${v}), ${v});`];
    case 2:
      return [
        "{",
        `  let ${i}s = [];`,
        `  for (let ${i} = 0; ${i} < 3; ${i}++) {`,
        `    ${i}s.push(() => ${i}++);`,
        `    await later(${value()});`,
        "  }",
        `  log(${i}s.map((read) => read()), ${i}s.map((read) => read()));`,
        "}",
      ];
    case 3:
      return [
        "try {",
        `  ${v} = ${value()};`,
        `  await later(${value()});`,
        `  ${v} = ${value()};`,
        `  ${v} = await fail("idiom");`,
        `} catch (${i}) {`,
        `  log(${v}, ${i});`,
        "}",
      ];
    default:
      return [
        "try {",
        `  let ${i} = ${value()};`,
        "  try {",
        `    await later(${value()});`,
        `    ${i} = ${value()};`,
        `    if (${value()}) throw ${i};`,
        "  } finally {",
        `    log(${i}, await later(${v}));`,
        "  }",
        `} catch (${i}) {`,
        `  log("idiom", ${i});`,
        "}",
      ];
  }
}

function statement(g: Generator, scope: Scope): string[] {
  if (scope.isAsync && chance(g, 0.15)) return idiom(g, scope);
  const value = (depth = 2): string => expression(g, scope, depth);
  const simple = [
    `${value()};`,
    `log(${pick(g, [...scope.mutable, ...scope.constant])});`,
    assignment(g, scope),
  ];
  if (scope.depth > 4 || chance(g, 0.35)) {
    if (chance(g, 0.12)) return [jump(g, scope)];
    return [`${pick(g, simple).replace(/^\{/, "+{")}`];
  }
  return compound(g, scope);
}

function jump(g: Generator, scope: Scope): string {
  const options = [
    `if (${expression(g, scope, 1)}) return ${expression(g, scope, 2)};`,
    `if (${expression(g, scope, 1)}) throw new Error("e" + ${expression(g, scope, 1)});`,
  ];
  if (scope.canBreak) options.push("break;", `if (${expression(g, scope, 1)}) break;`);
  if (scope.canContinue) options.push("continue;", `if (${expression(g, scope, 1)}) continue;`);
  for (const label of scope.loops)
    options.push(
      `if (${expression(g, scope, 1)}) continue ${label};`,
      `if (${expression(g, scope, 1)}) break ${label};`,
    );
  return pick(g, options);
}

function compound(g: Generator, scope: Scope): string[] {
  const value = (depth = 2): string => expression(g, scope, depth);
  const looped = (names: Partial<Scope> = {}): string[] => [
    "  fuel();",
    ...block(g, { ...scope, canBreak: true, canContinue: true, ...names }),
  ];
  const label = chance(g, 0.4) ? fresh(g, "l") : null;
  const head = label === null ? "" : `${label}: `;
  const loops = label === null ? scope.loops : [...scope.loops, label];
  const i = fresh(g, "i");
  switch (Math.floor(g.random() * 9)) {
    case 0:
      return [
        `if (${value()}) {`,
        ...block(g, scope),
        ...(chance(g, 0.5) ? ["} else {", ...block(g, scope)] : []),
        "}",
      ];
    case 1:
      return [
        `${head}for (let ${i} = ${pick(g, ["0", "await later(0)"].slice(0, scope.isAsync ? 2 : 1))}; ${i} < 2; ${i}++) {`,
        ...looped({ constant: [...scope.constant, i], loops }),
        "}",
      ];
    case 2:
      return [
        `${head}for (${pick(g, ["const", "let"])} ${i} of ${pick(g, ["[1, 2]", "[...calls, 7].slice(-2).map(Number)", `[${value(1)}, 3]`])}) {`,
        ...looped({ constant: [...scope.constant, i], loops }),
        "}",
      ];
    case 3:
      return [
        `let ${i} = 0;`,
        `${head}while (${i}++ < 2 && (${value()}, true)) {`,
        ...looped({ constant: [...scope.constant, i], loops }),
        "}",
      ];
    case 4:
      return [
        `let ${i} = 0;`,
        `${head}do {`,
        ...looped({ constant: [...scope.constant, i], loops }),
        `} while (${i}++ < 1 && ${value(1)});`,
      ];
    case 5:
      return [`switch (${value(1)}) {`, ...switchClauses(g, { ...scope, canBreak: true }), "}"];
    case 6:
    case 7:
      return tryStatement(g, scope);
    default:
      return ["{", ...block(g, scope), "}"];
  }
}

function switchClauses(g: Generator, scope: Scope): string[] {
  const clause = (head: string): string[] => [
    `${head} {`,
    ...block(g, scope),
    "}",
    ...(chance(g, 0.6) ? ["break;"] : []),
  ];
  const clauses = [clause("case 1:"), clause(`case 0 + ${expression(g, scope, 1)}:`), clause("default:")];
  return clauses.sort(() => g.random() - 0.5).flat();
}

function tryStatement(g: Generator, scope: Scope): string[] {
  const e = fresh(g, "e");
  const caught = [`} catch (${e}) {`, `  log("caught", ${e});`, ...block(g, scope)];
  const last = ["} finally {", ...block(g, scope)];
  const kind = g.random();
  const throwing = chance(g, 0.4)
    ? [`  if (${expression(g, scope, 1)}) ${scope.isAsync ? 'await fail("f")' : 'throw new Error("t")'};`]
    : [];
  return [
    "try {",
    ...throwing,
    "{",
    ...block(g, scope),
    "}",
    ...(kind < 0.7 ? caught : []),
    ...(kind > 0.35 ? last : []),
    "}",
  ];
}

function assignment(g: Generator, scope: Scope): string {
  const target = pick(g, scope.mutable);
  const value = expression(g, scope, 2);
  return pick(g, [
    `${target} = ${value};`,
    `${target} += ${value};`,
    `${target} ||= ${value};`,
    `${target} ??= ${value};`,
  ]);
}

function expression(g: Generator, scope: Scope, depth: number): string {
  if (depth <= 0 || chance(g, 0.15)) return leaf(g, scope);
  const e = (): string => expression(g, scope, depth - 1);
  const options: (() => string)[] = [
    () => `(${e()} ${pick(g, ["+", "-", "*", "<", "===", ","])} ${e()})`,
    () => `(${e()} ${pick(g, ["&&", "||"])} ${e()})`,
    () => `(${e()} ?? ${e()})`,
    () => `(${e()} ? ${e()} : ${e()})`,
    () => `(${pick(g, scope.mutable)} ${pick(g, ["=", "+=", "-=", "&&="])} ${e()})`,
    () => `seen("s", ${e()})`,
    () => `\`\${${e()}}:\${${e()}}\`.length`,
    () => `[${e()}, ...[${e()}], ${e()}].length`,
    () => `({ p: ${e()}, ...{ q: ${e()} }, [seen("k", "p")]: ${e()} }).p`,
    () => `${pick(g, scope.functions.length > 0 ? scope.functions : ["Number"])}(${e()})`,
    () => `(typeof ${e()}).length`,
    () => `-(${e()})`,
    () => `(() => ${expression(g, functionScope(scope, [], false), depth - 1)})()`,
  ];
  if (hasObject(scope)) {
    options.push(
      () => `(o.${pick(g, ["x", "y"])} ${pick(g, ["=", "+=", "||="])} ${e()})`,
      () => `o[${pick(g, ['"x"', 'seen("key", "y")'])}]`,
      () => `o.m(${e()}, ${e()})`,
      () => `(o?.m(${e()}) ?? ${e()})`,
      () => `list[${e()}]`,
      () => `calls.push(() => ${expression(g, functionScope(scope, [], false), 1)})`,
    );
  }
  if (scope.isAsync) {
    const awaited: (() => string)[] = [
      () => `(await later(${e()}))`,
      () => `(await later(${e()}, 2))`,
      () => `(await ${e()})`,
    ];
    if (scope.asyncFunctions.length > 0)
      awaited.push(() => `(await ${pick(g, scope.asyncFunctions)}(${e()}))`);
    awaited.push(() => `(await (async () => ${expression(g, functionScope(scope, [], true), depth - 1)})())`);
    if (chance(g, 0.4)) return pick(g, awaited)();
  }
  return pick(g, options)();
}

/** `child` has none. */
function hasObject(scope: Scope): boolean {
  return scope.asyncFunctions.includes("child");
}

function leaf(g: Generator, scope: Scope): string {
  const literals = ["0", "1", "2", '"t"', "null", "true"];
  return pick(g, [...scope.mutable, ...scope.mutable, ...scope.constant, ...literals]);
}
