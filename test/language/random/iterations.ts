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
  /** Statements before it. */
  readonly before?: readonly string[];
  /** What is walked, where it has a name: the walk may change it. */
  readonly collection?: { readonly kind: "map" | "set"; readonly name: string };
}

export function iteration(g: Chance, scope: Scope): string[] {
  const { head, inside } = loopScope(g, scope);
  const loop = pick(g, [overList, overList, overCollection, overProtocol, forIn, forAwait])(g, scope);
  const body = block(g, withKnown(inside, ...loop.names.map((name) => constant(name))));
  const changes = changesOf(g, scope, loop);
  const lines = happens(g, 0.5) ? [...changes, ...body] : [...body, ...changes];
  const opening = `${head}for ${loop.isAwait ? "await " : ""}(${loop.head}) {`;
  return [...(loop.before ?? []), opening, "  fuel();", ...lines, "}"];
}

/** What a walk over a Map or Set does to it: entries go before and behind its place, come back, or all go. */
function changesOf(g: Chance, scope: Scope, { collection, names: [first = "0"] }: Loop): string[] {
  if (collection === undefined || happens(g, 0.3)) return [];
  const adds = (value: string): string =>
    collection.kind === "map" ? `${collection.name}.set(${value}, 1);` : `${collection.name}.add(${value});`;
  const { name } = collection;
  const options = [
    `${name}.delete(${first});`,
    `${name}.delete([...${name}.keys()][0]);`,
    `${name}.delete([...${name}.keys()].at(-1));`,
    `if (${name}.size < 6) ${adds(`Number(${first}) + 10`)}`,
    `if (${name}.delete(${first})) { if (calls.length < 40) ${adds(first)} }`,
    `if (${name}.size > 3) ${name}.clear();`,
    `log(${name}.delete(${expression(g, scope, 1)}));`,
  ];
  return Array.from({ length: happens(g, 0.4) ? 2 : 1 }, () => pick(g, options));
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

/** Of a Map or a Set, which may change meanwhile, a string, or what nobody else has. */
function overCollection(g: Chance, scope: Scope): Loop {
  if (!g.features.has("collections")) return overList(g, scope);
  if (happens(g, 0.7)) return overNamed(g, scope);
  const [i, j] = [fresh(g, "i"), fresh(g, "j")];
  const options: Loop[] = [
    { head: `const ${i} of ${pick(g, ['"aéb"', '"x" + "y"'])}`, names: [i] },
    { head: `const [${i}, ${j} = 5] of new Map([[1, 2], [3, 4]])`, names: [i, j] },
    { head: `const ${i} of new Set([1, 2, 1])`, names: [i] },
    { head: `const [${i}, ${j}] of Object.entries({ a: 1, b: ${expression(g, scope, 1)} })`, names: [i, j] },
  ];
  return pick(g, options);
}

function overNamed(g: Chance, scope: Scope): Loop {
  const kind = pick(g, ["map", "set"] as const);
  const own = fresh(g, kind);
  const name = pick(g, [...namesOf(scope, kind), own]);
  const content = kind === "map" ? "Map([[1, 2], [3, 4], [5, 6]])" : "Set([1, 2, 3])";
  const before = name === own ? [`const ${own} = new ${content};`] : [];
  const [i, j] = [fresh(g, "i"), fresh(g, "j")];
  const ofEntries = [`const [${i}, ${j} = 5] of ${name}`, `const [${i}, ${j}] of ${name}.entries()`];
  const ofOne = [`const ${i} of ${name}.keys()`, `const ${i} of ${name}.values()`];
  const walks =
    kind === "map"
      ? [
          ...ofEntries.map((head) => ({ head, names: [i, j] })),
          ...ofOne.map((head) => ({ head, names: [i] })),
        ]
      : [`const ${i} of ${name}`, ...ofOne].map((head) => ({ head, names: [i] }));
  return { ...pick(g, walks), before, collection: { kind, name } };
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
