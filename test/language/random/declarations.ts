/** Random declarations: the lines, and the scope after them. */
import { fresh, happens, pick, type Chance } from "./choice.ts";
import { expression } from "./expressions.ts";
import {
  constant,
  functionScope,
  indent,
  namesOf,
  patternScope,
  sync,
  variable,
  withKnown,
  type Known,
  type Scope,
} from "./scope.ts";
import { block } from "./statements.ts";

type Declared = readonly [lines: readonly string[], known: readonly Known[]];
type Declare = (g: Chance, scope: Scope) => Declared;

export function declaration(g: Chance, scope: Scope): readonly [readonly string[], Scope] {
  const make = g.parallel && scope.isAsync && happens(g, 0.3) ? promiseDeclaration : null;
  const [lines, known] = (make ?? pick(g, scope.depth > 3 ? VARIABLES : DECLARATIONS))(g, scope);
  return [lines, withKnown(scope, ...known)];
}

const value = (g: Chance, scope: Scope): string => expression(g, scope, 2);

const VARIABLES: readonly Declare[] = [
  (g, scope) => {
    const name = fresh(g, "v");
    return [[`const ${name} = ${value(g, scope)};`], [constant(name)]];
  },
  (g, scope) => {
    const name = fresh(g, "v");
    return [[`let ${name} = ${value(g, scope)};`], [variable(name)]];
  },
  (g) => {
    const name = fresh(g, "v");
    return [[`${pick(g, ["let", "var"])} ${name};`], [variable(name)]];
  },
  (g, scope) => {
    const [a, b] = [fresh(g, "v"), fresh(g, "v")];
    const line = `let { x: ${a} = ${value(g, patternScope(g, scope))}, [seen("k", "y")]: ${b} } = { y: ${value(g, scope)} };`;
    return [[line], [variable(a), variable(b)]];
  },
  (g, scope) => {
    const [a, b] = [fresh(g, "v"), fresh(g, "rest")];
    const line = `const [${a} = ${value(g, patternScope(g, scope))}, ...${b}] = [${value(g, scope)}, ${value(g, scope)}];`;
    return [[line], [constant(a), constant(b, "list")]];
  },
  (g, scope) => {
    const [a, b] = [fresh(g, "v"), fresh(g, "v")];
    const source = pick(g, ["[[1, 2], 3]", `[[${value(g, scope)}]]`, `walk("w", [[4], 5, 6])`]);
    return [[`let [[${a}, ${b} = 7], , ...rest${a}] = ${source};`], [variable(a), variable(b)]];
  },
];

const DECLARATIONS: readonly Declare[] = [
  ...VARIABLES,
  (g, scope) => {
    const name = fresh(g, "list");
    return [[`const ${name} = [${value(g, scope)}, ${value(g, scope)}];`], [constant(name, "list")]];
  },
  (g, scope) => {
    const name = fresh(g, "map");
    const line = `const ${name} = new Map([[1, ${value(g, scope)}], ["k", ${value(g, scope)}]]);`;
    return [[line], [constant(name, "map")]];
  },
  (g, scope) => {
    const name = fresh(g, "set");
    return [[`const ${name} = new Set([${value(g, scope)}, 2]);`], [constant(name, "set")]];
  },
  objectDeclaration,
  (g, scope) => {
    const [name, x] = [fresh(g, "f"), fresh(g, "x")];
    return [
      [`const ${name} = (${x}) => ${expression(g, functionScope(scope, {}, x), 2)};`],
      [constant(name, "plain")],
    ];
  },
  (g, scope) => {
    const [name, x] = [fresh(g, "f"), fresh(g, "x")];
    const inner = expression(g, functionScope(scope, {}, x), 1);
    const line = `function ${name}(${x}) { fuel(); return ${x} > 0 && ${x} < 20 ? ${name}(${x} - 5) : ${inner}; }`;
    return [[line], [constant(name, "plain")]];
  },
  asyncDeclaration,
  asyncDeclaration,
  (g, scope) => generatorDeclaration(g, scope, false),
  (g, scope) => generatorDeclaration(g, scope, true),
  classDeclaration,
  promiseDeclaration,
];

function objectDeclaration(g: Chance, scope: Scope): Declared {
  const name = fresh(g, "o");
  const line = `const ${name} = spy("${name}", { x: ${value(g, scope)}, y: 2, m(...args) { return args.length + (this?.x ?? 9); } });`;
  return [[line], [constant(name, "object")]];
}

/** Arrow, declaration, expression with a name, method: each is lifted in a way of its own. */
function asyncDeclaration(g: Chance, scope: Scope): Declared {
  const [name, x, y] = [fresh(g, "af"), fresh(g, "x"), fresh(g, "y")];
  const inside = functionScope(scope, { isAsync: true }, x, y);
  const body = ["  fuel();", ...block(g, inside), `  return ${expression(g, inside, 1)};`];
  const parameters = pick(g, [`(${x}, ${y} = 1)`, `({ x: ${x}, y: ${y} = 2 } = {})`, `(${x}, ...[${y}])`]);
  const known = [constant(name, "async")];
  switch (Math.floor(g.random() * 4)) {
    case 0:
      return [[`async function ${name}${parameters} {`, ...body, "}"], known];
    case 1:
      return [[`const ${name} = async function own${parameters} {`, ...body, "};"], known];
    case 2:
      return [
        [
          `const h${name} = { k: 1, async run${parameters} {`,
          ...body,
          "}};",
          `const ${name} = (x) => h${name}.run(x);`,
        ],
        known,
      ];
    default:
      return [[`const ${name} = async ${parameters} => {`, ...body, "};"], known];
  }
}

function generatorDeclaration(g: Chance, scope: Scope, isAsync: boolean): Declared {
  const feature = isAsync ? "asyncGenerator" : "generator";
  if (!g.features.has(feature)) return asyncDeclaration(g, scope);
  const [name, x] = [fresh(g, "g"), fresh(g, "x")];
  const inside = functionScope(scope, { isAsync, isGenerator: true }, x);
  const delegated = pick(g, [
    `yield* [${value(g, inside)}, 2];`,
    `const r${name} = yield* walk("d", [1, 2]);`,
    `try { yield ${x}; } finally { log("closed ${name}"); }`,
  ]);
  const body = ["  fuel();", `  yield ${value(g, inside)};`, ...block(g, inside), `  ${delegated}`];
  return [[`${isAsync ? "async " : ""}function* ${name}(${x}) {`, ...body, "}"], [constant(name, feature)]];
}

function classDeclaration(g: Chance, scope: Scope): Declared {
  if (!g.features.has("class")) return objectDeclaration(g, scope);
  const [name, x] = [fresh(g, "C"), fresh(g, "x")];
  const bases = namesOf(scope, "class");
  const base = bases.length > 0 && happens(g, 0.4) ? pick(g, bases) : null;
  const inner = expression(g, functionScope(scope, {}, x), 1);
  const lines = [
    `class ${name}${base === null ? "" : ` extends ${base}`} {`,
    `  static made = ${value(g, sync(scope))};`,
    `  constructor(${x}) { ${base === null ? "" : `super(${x}); `}this.f = ${inner}; }`,
    `  get g() { return ${base === null ? "this.f" : "super.g"}; }`,
    `  m(${x}) { return [this.f, ${inner}].length; }`,
    "}",
  ];
  return [lines, [constant(name, "class")]];
}

/** Work that goes on beside the function: from here on the order of effects is a matter of turns. */
function promiseDeclaration(g: Chance, scope: Scope): Declared {
  const functions = namesOf(scope, "async");
  if (functions.length === 0 || !g.parallel) return asyncDeclaration(g, scope);
  g.isParallel = true;
  const name = fresh(g, "p");
  const start = (): string => `${pick(g, functions)}(${value(g, sync(scope))})`;
  const x = fresh(g, "x");
  const callback = `(${x}) => ${expression(g, functionScope(scope, {}, x), 1)}`;
  const made = pick<() => string>(g, [
    start,
    start,
    () =>
      `Promise.${pick(g, ["all", "allSettled", "race", "any"])}([${start()}, ${start()}, 3]).then((r) => JSON.stringify(r))`,
    () => `${start()}.then(${callback})`,
    () =>
      `${start()}.then(async (${x}) => ${expression(g, functionScope(scope, { isAsync: true }, x), 1)}, err)`,
    () => `${start()}.catch(err).finally(() => log("finally"))`,
    () => `new Promise((resolve) => resolve(${start()}))`,
    () => `Promise.resolve(${start()})`,
  ])();
  // A rejection nobody sees would end the process.
  return [
    indent([`const ${name} = ${made};`, `${name}.catch(() => undefined);`]),
    [constant(name, "promise")],
  ];
}
