/** Random statements. Loops count, and `fuel` throws when a program takes too long. */
import { fresh, happens, pick, type Chance } from "./choice.ts";
import { declaration } from "./declarations.ts";
import { expression } from "./expressions.ts";
import { IDIOMS } from "./idioms.ts";
import { iteration } from "./iterations.ts";
import { assignable, constant, indent, namesOf, variable, withKnown, type Scope } from "./scope.ts";

/** Indented, without braces. */
export function block(g: Chance, scope: Scope): string[] {
  let inner: Scope = { ...scope, depth: scope.depth + 1 };
  const lines: string[] = [];
  const count = (scope.depth === 0 ? 6 : 1) + Math.floor(g.random() * (scope.depth > 2 ? 2 : 4));
  for (let index = 0; index < count; index++) {
    if (happens(g, 0.35)) {
      const [declared, next] = declaration(g, inner);
      lines.push(...declared);
      inner = next;
    } else lines.push(...statement(g, inner));
  }
  if (happens(g, 0.3)) lines.push(`log(${namesOf(inner, "value").slice(-4).join(", ")});`);
  return indent(lines);
}

export function braced(g: Chance, head: string, scope: Scope): string[] {
  return [`${head}{`, ...block(g, scope), "}"];
}

function statement(g: Chance, scope: Scope): string[] {
  if (scope.isAsync && happens(g, 0.12)) return pick(g, IDIOMS)(g, scope);
  if (scope.depth > 4 || happens(g, 0.4)) return [simple(g, scope)];
  return compound(g, scope);
}

function simple(g: Chance, scope: Scope): string {
  if (happens(g, 0.12)) return jump(g, scope);
  const made = pick<() => string>(g, [
    () => `log(${pick(g, namesOf(scope, "value"))});`,
    () => `${assignable(g, scope)} = ${expression(g, scope, 3)};`,
    () => `log("e", ${expression(g, scope, 2)});`,
    () => `void ${expression(g, scope, 3)};`,
    () => `void Promise.resolve().then(() => log("tick"));`,
    () => (scope.isGenerator ? `yield ${expression(g, scope, 2)};` : `log(left);`),
  ])();
  return made;
}

function jump(g: Chance, scope: Scope): string {
  const test = expression(g, scope, 1);
  const options = [
    `if (${test}) return ${expression(g, scope, 2)};`,
    `if (${test}) throw new Error("e" + ${expression(g, scope, 1)});`,
    ...(scope.canBreak ? ["break;", `if (${test}) break;`] : []),
    ...(scope.canContinue ? ["continue;", `if (${test}) continue;`] : []),
    ...scope.labels.flatMap((label) => [`if (${test}) continue ${label};`, `if (${test}) break ${label};`]),
    ...scope.blocks.map((label) => `if (${test}) break ${label};`),
  ];
  return pick(g, options);
}

function compound(g: Chance, scope: Scope): string[] {
  return pick(g, [
    ifStatement,
    counting,
    counting,
    iteration,
    iteration,
    switchStatement,
    tryStatement,
    tryStatement,
    labelledBlock,
  ])(g, scope);
}

function ifStatement(g: Chance, scope: Scope): string[] {
  const lines = braced(g, `if (${expression(g, scope, 2)}) `, scope);
  if (happens(g, 0.5)) return lines;
  lines.pop();
  return [...lines, ...braced(g, "} else ", scope)];
}

function labelledBlock(g: Chance, scope: Scope): string[] {
  if (happens(g, 0.5)) return braced(g, "", scope);
  const label = fresh(g, "b");
  return braced(g, `${label}: `, { ...scope, blocks: [...scope.blocks, label] });
}

/** The head of a loop, and the scope of its body. */
export function loopScope(g: Chance, scope: Scope): { readonly head: string; readonly inside: Scope } {
  const inside: Scope = { ...scope, canBreak: true, canContinue: true };
  if (happens(g, 0.6)) return { head: "", inside };
  const label = fresh(g, "l");
  return { head: `${label}: `, inside: { ...inside, labels: [...scope.labels, label] } };
}

function counting(g: Chance, scope: Scope): string[] {
  const { head, inside } = loopScope(g, scope);
  const i = fresh(g, "i");
  const e = (depth: number): string => expression(g, scope, depth);
  const body = (): string[] => ["  fuel();", ...block(g, withKnown(inside, constant(i)))];
  switch (Math.floor(g.random() * 4)) {
    case 0: {
      const start = scope.isAsync ? pick(g, ["0", "await later(0)"]) : "0";
      const end = pick(g, [`${i} < 2`, `${i} < 2 && (${e(1)}, true)`]);
      return [`${head}for (let ${i} = ${start}; ${end}; ${i}++) {`, ...body(), "}"];
    }
    case 1: {
      // A closure of each turn keeps its own variable.
      const own = withKnown(inside, variable(i));
      return [
        `${head}for (let ${i} = 0, end = 3; ${i} < end; ${i}++, ${e(1)}) {`,
        "  fuel();",
        `  calls.push(() => ${i}++);`,
        ...block(g, own),
        "}",
      ];
    }
    case 2:
      return [`let ${i} = 0;`, `${head}while (${i}++ < 2 && (${e(2)}, true)) {`, ...body(), "}"];
    default:
      return [`let ${i} = 0;`, `${head}do {`, ...body(), `} while (${i}++ < 1 && ${e(1)});`];
  }
}

function switchStatement(g: Chance, scope: Scope): string[] {
  const inside = { ...scope, canBreak: true };
  const clause = (head: string): string[] => [
    ...braced(g, `${head} `, inside),
    ...(happens(g, 0.5) ? ["break;"] : []),
  ];
  const clauses = [
    clause("case 1:"),
    clause(`case ${expression(g, scope, 2)}:`),
    ["case 2:"],
    clause("default:"),
  ];
  const order = clauses.map((lines) => ({ lines, at: g.random() })).sort((a, b) => a.at - b.at);
  return [`switch (${expression(g, scope, 2)}) {`, ...order.flatMap(({ lines }) => indent(lines)), "}"];
}

function tryStatement(g: Chance, scope: Scope): string[] {
  const e = fresh(g, "e");
  const throwing = happens(g, 0.4)
    ? [`  if (${expression(g, scope, 1)}) ${scope.isAsync ? 'await fail("f")' : 'throw new Error("t")'};`]
    : [];
  const caught = [`} catch (${e}) {`, `  log("caught", err(${e}));`, ...block(g, scope)];
  const last = ["} finally {", ...block(g, scope)];
  const kind = g.random();
  return [
    "try {",
    ...throwing,
    ...block(g, scope),
    ...(kind < 0.7 ? caught : []),
    ...(kind > 0.35 ? last : []),
    "}",
  ];
}
