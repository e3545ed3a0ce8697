/** Random expressions. All give a primitive, whatever they do on the way. */
import { fresh, happens, pick, type Chance } from "./choice.ts";
import { assignable, functionScope, namesOf, patternScope, type Kind, type Scope } from "./scope.ts";

type Make = () => string;

export function expression(g: Chance, scope: Scope, depth: number): string {
  if (depth <= 0 || happens(g, 0.15)) return leaf(g, scope);
  if (scope.isAsync && happens(g, 0.25)) return pick(g, awaits(g, scope, depth))();
  if (scope.isGenerator && happens(g, 0.12)) return `(yield ${expression(g, scope, depth - 1)})`;
  const groups = [operators, operators, assignments, literals, calls, members];
  const made = pick(g, groups)(g, scope, depth);
  return pick(g, made)();
}

function leaf(g: Chance, scope: Scope): string {
  const values = namesOf(scope, "value");
  return pick(g, [...values, ...values, "0", "1", "2", '"t"', "null", "true", "undefined", "-0"]);
}

function operators(g: Chance, scope: Scope, depth: number): Make[] {
  const e: Make = () => expression(g, scope, depth - 1);
  return [
    () => `(${e()} ${pick(g, ["+", "-", "*", "<", "===", ",", "%", "|", ">="])} ${e()})`,
    () => `(${e()} ${pick(g, ["&&", "||"])} ${e()})`,
    () => `(${e()} ?? ${e()})`,
    () => `(${e()} ? ${e()} : ${e()})`,
    () => `${pick(g, ["-", "!", "+", "~", "void "])}(${e()})`,
    () => `(typeof ${e()}).length`,
    () => `seen("s", ${e()})`,
  ];
}

function assignments(g: Chance, scope: Scope, depth: number): Make[] {
  const e: Make = () => expression(g, scope, depth - 1);
  const v: Make = () => assignable(g, scope);
  const made: Make[] = [
    () => `(${v()} ${pick(g, ["=", "=", "+=", "-=", "&&=", "||=", "??=", "**="])} ${e()})`,
    () => pick(g, [`${v()}++`, `--${v()}`]),
    () => `([${v()}, ${v()} = ${expression(g, patternScope(g, scope), depth - 1)}] = [${e()}]).length`,
    () =>
      `({ x: ${v()}, y: ${v()} = ${expression(g, patternScope(g, scope), depth - 1)} } = { x: ${e()} }).x`,
  ];
  const objects = namesOf(scope, "object");
  const lists = namesOf(scope, "list");
  if (objects.length > 0) {
    const o: Make = () => pick(g, objects);
    made.push(
      () => `(${o()}.${pick(g, ["x", "y"])} ${pick(g, ["=", "+=", "||=", "??="])} ${e()})`,
      () => `(${o()}[seen("key", ${pick(g, ['"x"', '"y"'])})] ${pick(g, ["=", "+=", "&&="])} ${e()})`,
      () => pick(g, [`${o()}.x++`, `delete ${o()}.y`, `delete ${o()}[(${e()}, "x")]`, `("x" in ${o()})`]),
    );
  }
  if (lists.length > 0) {
    made.push(
      () => `(${pick(g, lists)}[${pick(g, ["0", "1"])}] = ${e()})`,
      () => `(${pick(g, lists)}[(${e()}, 1)] ${pick(g, ["=", "+="])} ${e()})`,
      () => `${pick(g, lists)}.push(${e()})`,
    );
  }
  return made;
}

function literals(g: Chance, scope: Scope, depth: number): Make[] {
  const e: Make = () => expression(g, scope, depth - 1);
  const lists = namesOf(scope, "list");
  const spread: Make = () => (lists.length > 0 && happens(g, 0.5) ? `...${pick(g, lists)}` : `...[${e()}]`);
  return [
    () => `\`\${${e()}}:\${${e()}}\`.length`,
    () => `[${e()}, ${spread()}, ${e()}].length`,
    () => `[${e()}, ${e()}].join("")`,
    () => `({ p: ${e()}, ...{ q: ${e()} }, [seen("k", "p")]: ${e()} }).p`,
    () => `Object.keys({ a: ${e()}, ["b" + ${e()}]: ${e()} }).join()`,
    () => `tag\`\${${e()}}-\${${e()}}\``,
    () => `Math.max(${spread()}, ${e()})`,
  ];
}

function calls(g: Chance, scope: Scope, depth: number): Make[] {
  const e: Make = () => expression(g, scope, depth - 1);
  const inner = (own: Parameters<typeof functionScope>[1], ...parameters: readonly string[]): string =>
    expression(g, functionScope(scope, own, ...parameters), depth - 1);
  const x = fresh(g, "x");
  const made: Make[] = [
    () => `${pick(g, [...namesOf(scope, "plain"), "Number"])}(${e()})`,
    () => `((${x}) => ${inner({}, x)})(${e()})`,
    () => `((${x} = ${pick(g, ["1", "left"])}, ...rest) => ${inner({}, x)} + rest.length)(${e()}, ${e()})`,
    () => `(function (${x}) { return arguments.length + ${inner({}, x)}; })(${e()}, ${e()})`,
    () => `[${e()}, ${e()}].map((${x}) => ${inner({}, x)}).length`,
  ];
  const generators = namesOf(scope, "generator");
  if (generators.length > 0) made.push(() => `[...${pick(g, generators)}(${e()})].length`);
  const classes = namesOf(scope, "class");
  if (classes.length > 0) {
    made.push(
      () => `new ${pick(g, classes)}(${e()}).${pick(g, ["f", "g"])}`,
      () => `new ${pick(g, classes)}(${e()}).m(${e()})`,
    );
  }
  const stored = namesOf(scope, "calls");
  if (stored.length > 0) made.push(() => `${pick(g, stored)}.push(() => ${inner({})})`);
  return made;
}

function members(g: Chance, scope: Scope, depth: number): Make[] {
  const e: Make = () => expression(g, scope, depth - 1);
  const of = (kind: Kind, make: (name: string) => Make[]): Make[] => {
    const names = namesOf(scope, kind);
    return names.length === 0 ? [] : make(pick(g, names));
  };
  const made = [
    ...of("object", (o) => [
      () => `${o}[${pick(g, ['"x"', 'seen("key", "y")'])}]`,
      () => `${o}.m(${e()}, ${e()})`,
      () => `${o}?.m?.(${e()})`,
      () => `(${o}?.none?.[${e()}]?.deep ?? ${e()})`,
      () => `${o}.none?.(${e()})`,
    ]),
    ...of("list", (list) => [
      () => `${list}[0]`,
      () => `${list}.at(-1)`,
      () => `(${list}?.[${e()}], ${list}.length)`,
    ]),
    ...of("map", (map) => [
      () => `${map}.get(${e()})`,
      () => `${map}.set(${e()}, ${e()}).size`,
      () => `${map}.delete(${e()})`,
    ]),
    ...of("set", (set) => [() => `${set}.has(${e()})`, () => `${set}.add(${e()}).size`]),
  ];
  return made.length === 0 ? [() => leaf(g, scope)] : made;
}

function awaits(g: Chance, scope: Scope, depth: number): Make[] {
  const e: Make = () => expression(g, scope, depth - 1);
  const made: Make[] = [
    () => `(await later(${e()}))`,
    () => `(await later(${e()}, 2))`,
    // Not a call as such: in one file, without types, that is a step, and what it changes is not seen after a restart.
    () => `(await (0, ${e()}))`,
    () => `(await (async () => ${expression(g, functionScope(scope, { isAsync: true }), depth - 1)})())`,
  ];
  const functions = namesOf(scope, "async");
  if (functions.length > 0) made.push(() => `(await ${pick(g, functions)}(${e()}))`);
  const promises = namesOf(scope, "promise");
  if (promises.length > 0) made.push(() => `(await ${pick(g, promises)})`);
  return made;
}
