/**
 * Shapes in which known mistakes of such compilers show, and which chance alone makes too seldom: an operand that the
 * awaited code assigns, a loop variable that a closure keeps, a variable that only a handler reads.
 */
import { fresh, pick, type Chance } from "./choice.ts";
import { expression } from "./expressions.ts";
import { assignable, sync, type Scope } from "./scope.ts";

type Idiom = (g: Chance, scope: Scope) => string[];

/** Those that need a feature fall back to another. */
function needing(feature: string, idiom: Idiom): Idiom {
  return (g, scope) => (g.features.has(feature) ? idiom(g, scope) : operandOrder(g, scope));
}

const value = (g: Chance, scope: Scope): string => expression(g, scope, 1);

const operandOrder: Idiom = (g, scope) => {
  const v = assignable(g, scope);
  return [`log(${v} + (await later((${v} = ${value(g, scope)}))) + ${v});`];
};

export const IDIOMS: readonly Idiom[] = [
  operandOrder,
  (g, scope) => {
    const v = assignable(g, scope);
    return [
      `log([${v}, ${v}++, await later(${v}), (${v} = ${value(g, scope)})].join(), await later(${v}), ${v});`,
    ];
  },
  (g, scope) => {
    const i = fresh(g, "i");
    return [
      "{",
      `  let ${i}s = [];`,
      `  for (let ${i} = 0; ${i} < 3; ${i}++) {`,
      `    ${i}s.push(() => ${i}++);`,
      `    await later(${value(g, scope)});`,
      "  }",
      `  log(${i}s.map((read) => read()), ${i}s.map((read) => read()));`,
      "}",
    ];
  },
  (g, scope) => {
    const [v, e] = [assignable(g, scope), fresh(g, "e")];
    return [
      "try {",
      `  ${v} = ${value(g, scope)};`,
      `  await later(${value(g, scope)});`,
      `  ${v} = ${value(g, scope)};`,
      `  ${v} = await fail("idiom");`,
      `} catch (${e}) {`,
      `  log(${v}, err(${e}));`,
      "}",
    ];
  },
  (g, scope) => {
    const i = fresh(g, "i");
    return [
      "try {",
      `  let ${i} = ${value(g, scope)};`,
      "  try {",
      `    await later(${value(g, scope)});`,
      `    ${i} = ${value(g, scope)};`,
      `    if (${value(g, scope)}) throw ${i};`,
      "  } finally {",
      `    log(${i}, await later(${assignable(g, scope)}));`,
      "  }",
      `} catch (${i}) {`,
      `  log("idiom", err(${i}));`,
      "}",
    ];
  },
  needing("deadZone", (g, scope) => {
    const [z, e] = [fresh(g, "z"), fresh(g, "e")];
    return [
      `const read${z} = () => ${z};`,
      `try { log(${pick(g, ["", "await later(1) + "])}read${z}()); } catch (${e}) { log(${e}.name); }`,
      `let ${z} = ${value(g, scope)};`,
      `log(read${z}());`,
    ];
  }),
  needing("using", (g, scope) => {
    const u = fresh(g, "u");
    return [
      "try {",
      `  using ${u} = { [Symbol.dispose]() { log("disposed ${u}"); } };`,
      `  await using w${u} = { async [Symbol.asyncDispose]() { log("async ${u}", ${value(g, sync(scope))}); } };`,
      `  log(${value(g, scope)});`,
      `  if (${value(g, scope)}) throw new Error("used");`,
      `} catch (${u}) {`,
      `  log(err(${u}));`,
      "}",
    ];
  }),
  needing("patterns", (g, scope) => {
    const [a, b] = [fresh(g, "v"), assignable(g, scope)];
    return [
      `let [${a} = await later(${value(g, scope)}), ...r${a}] = ${pick(g, ["[]", "[1, 2]", 'walk("w", [undefined, 3])'])};`,
      `[${b}, ${a} = ${value(g, scope)}] = ${pick(g, ['walk("w", [await later(4)])', "[5]"])};`,
      `({ x: ${a} = await later(1), [await later("y")]: ${b} } = { y: ${value(g, scope)} });`,
      `log(${a}, r${a}, ${b});`,
    ];
  }),
];
