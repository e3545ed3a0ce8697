/**
 * Random programs of the language. Every program ends: loops count, and `fuel` throws when a program takes too long.
 * A module that exports `main`; effects go to the log of `fixtures/language/support.ts`.
 */
import { createRandom, happens, type Chance } from "./choice.ts";
import { constant, EMPTY, functionScope, indent, variable, withKnown } from "./scope.ts";
import { block } from "./statements.ts";

export interface RandomProgram {
  readonly source: string;
  /** Work goes on beside `main`, so the order of effects depends on turns. */
  readonly isParallel: boolean;
}

export const IMPORTS = "fail, later, log, seen, spy, tag, walk, err";

/** A step limit of the program's own, in its state: a module variable would not come back after a restart. */
const FUEL = [
  "let left = 150;",
  'const fuel = () => { if (--left < 0) throw new RangeError("out of fuel"); };',
];

export function generateProgram(seed: number, features: ReadonlySet<string>): RandomProgram {
  const random = createRandom(seed);
  const g: Chance = { random, names: 0, features, parallel: random() < 0.3, isParallel: false };
  const top = withKnown(
    EMPTY,
    variable("a"),
    variable("b"),
    constant("n"),
    constant("left"),
    constant("plain", "plain"),
    constant("list", "list"),
    constant("calls", "calls"),
  );
  const child = functionScope(
    withKnown(EMPTY, variable("a"), variable("b"), constant("n"), constant("left")),
    { isAsync: true },
  );
  const own = withKnown(top, constant("child", "async"), constant("o", "object"));
  const body = block(g, { ...own, depth: happens(g, 0.5) ? 0 : 1 });
  const source = [
    `import { ${IMPORTS} } from "../support.ts";`,
    "const plain = (x) => { log('plain', x); return x + 1; };",
    'async function child(n) {\n  "use durable";\n  let a = n;\n  let b = 2;',
    ...indent([...FUEL, "const calls = [];"]),
    "  {",
    ...indent(block(g, { ...child, depth: 3 })),
    "  }",
    "  return a + b;\n}",
    'export async function main() {\n  "use durable";\n  const n = 3;\n  let a = 1;\n  let b = 2;',
    ...indent(FUEL),
    '  const o = spy("o", { x: 1, y: 2, m(...args) { return args.length + this.x; } });',
    "  const list = [1, 2, 3];\n  const calls = [];",
    "  try {",
    ...indent(body),
    "  } catch (error) {\n    log('main', err(error));\n  }",
    "  return [a, b, o.x, o.y, list.length, calls.map((call) => { try { return call(); } catch (error) { return err(error); } }).join()];\n}",
  ].join("\n");
  return { source, isParallel: g.isParallel };
}
