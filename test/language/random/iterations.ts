/** Random `for-of`, `for-in` and `for await`. */
import { fresh, happens, pick, type Chance } from "./choice.ts";
import { expression } from "./expressions.ts";
import { constant, namesOf, withKnown, type Scope } from "./scope.ts";
import { block, loopScope } from "./statements.ts";

interface Loop {
  /** What stands in the parentheses. */
  readonly head: string;
  readonly names: readonly string[];
  readonly isAwait?: boolean;
}

export function iteration(g: Chance, scope: Scope): string[] {
  const { head, inside } = loopScope(g, scope);
  const loop = pick(g, [overList, overList, overCollection, overProtocol, forIn, forAwait])(g, scope);
  const body = block(g, withKnown(inside, ...loop.names.map((name) => constant(name))));
  return [`${head}for ${loop.isAwait ? "await " : ""}(${loop.head}) {`, "  fuel();", ...body, "}"];
}

function overList(g: Chance, scope: Scope): Loop {
  const i = fresh(g, "i");
  const lists = namesOf(scope, "list");
  const sources = [
    "[1, 2]",
    `[${expression(g, scope, 1)}, 3]`,
    "[...calls, 7].slice(-2).map(Number)",
    ...lists.map((list) => `${list}.slice(0, 3)`),
  ];
  return { head: `${pick(g, ["const", "let"])} ${i} of ${pick(g, sources)}`, names: [i] };
}

/** Of a list that may grow meanwhile, a Map, a Set, a string. */
function overCollection(g: Chance, scope: Scope): Loop {
  if (!g.features.has("collections")) return overList(g, scope);
  const [i, j] = [fresh(g, "i"), fresh(g, "j")];
  const maps = namesOf(scope, "map");
  const options: Loop[] = [
    { head: `const ${i} of ${pick(g, ['"aéb"', '"x" + "y"'])}`, names: [i] },
    { head: `const [${i}, ${j} = 5] of ${pick(g, [...maps, "new Map([[1, 2], [3, 4]])"])}`, names: [i, j] },
    { head: `const ${i} of ${pick(g, [...namesOf(scope, "set"), "new Set([1, 2, 1])"])}`, names: [i] },
    { head: `const [${i}, ${j}] of Object.entries({ a: 1, b: ${expression(g, scope, 1)} })`, names: [i, j] },
    ...maps.map((map) => ({ head: `const ${i} of ${map}.keys()`, names: [i] })),
  ];
  return pick(g, options);
}

/** Iterators that log what is asked of them: closing is part of the meaning. */
function overProtocol(g: Chance, scope: Scope): Loop {
  if (!g.features.has("protocol")) return overList(g, scope);
  const i = fresh(g, "i");
  const generators = namesOf(scope, "generator").map((name) => `${name}(${expression(g, scope, 1)})`);
  const head = `const ${i} of ${pick(g, [`walk("w", [1, ${expression(g, scope, 1)}])`, ...generators])}`;
  return { head, names: [i] };
}

function forIn(g: Chance, scope: Scope): Loop {
  if (!g.features.has("forIn") && scope.isAsync) return overList(g, scope);
  const i = fresh(g, "i");
  const sources = ["{ a: 1, b: 2 }", "[7, 8]", `{ k: ${expression(g, scope, 1)} }`, "null"];
  return { head: `const ${i} in ${pick(g, sources)}`, names: [i] };
}

function forAwait(g: Chance, scope: Scope): Loop {
  if (!scope.isAsync || !g.features.has("forAwait")) return overProtocol(g, scope);
  const i = fresh(g, "i");
  const generators = namesOf(scope, "asyncGenerator").map((name) => `${name}(${expression(g, scope, 1)})`);
  const sources = [
    `[1, ${expression(g, scope, 1)}]`,
    `walk("w", [1, 2])`,
    ...generators,
    ...(happens(g, 0.5) ? generators : []),
  ];
  return { head: `const ${i} of ${pick(g, sources)}`, names: [i], isAwait: true };
}
