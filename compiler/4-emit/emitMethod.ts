/**
 * Emits the shells of methods, in their place in the class or literal.
 *
 *     static async #load(id) {...}      ->      static get #load() { return $load$fn; }
 *     async [key](id) {...}             ->      [$k = $toKey(key)](id) { return $start($m, this, arguments); }
 *
 * A private method's function cannot be reached to be marked, so it is made beside the class, and a getter gives it.
 */
import { ts } from "ts-morph";
import type { Code, Machine } from "../ir.ts";
import { code, joinCode, text } from "../3-lower/code.ts";
import { toMemberCode } from "../3-lower/inferredName.ts";
import type { Words } from "../3-lower/words.ts";
import { leadingParameters } from "../3-lower/parameters.ts";

export function isClassMethod(
  node: ts.Node,
): node is ts.MethodDeclaration & { readonly parent: ts.ClassLikeDeclaration } {
  return ts.isMethodDeclaration(node) && ts.isClassLike(node.parent);
}

/** Holds the function of a private method. */
export function shellConstant(constant: string): string {
  return `${constant}$fn`;
}

/** Holds a computed name. */
export function keyConstant(constant: string): string {
  return `${constant}$key`;
}

/** What stands in the class instead of the author's method. */
export function emitClassMethod(machine: Machine, words: Words): Code {
  const node = machine.node as ts.MethodDeclaration;
  const { name } = node;
  const kept = (node.modifiers ?? []).filter(
    (modifier) => ts.isDecorator(modifier) || modifier.kind === ts.SyntaxKind.StaticKeyword,
  );
  const head = kept.flatMap((modifier): Code => [source(modifier), text(" ")]);
  if (ts.isPrivateIdentifier(name)) {
    return code`${head}get ${source(name)}() { return ${shellConstant(machine.constant)}; }`;
  }
  const parameters = typedParameters(node, words);
  const type = node.type === undefined ? [] : code`: ${[source(node.type)]}`;
  return code`${head}${nameCode(machine, words)}(${parameters})${type} ${bodyCode(machine, words)}`;
}

/** `m: $durable(({ m(x) {...} }).m, $m)` */
export function emitLiteralMethod(machine: Machine, words: Words): Code {
  const { name } = machine.node as ts.MethodDeclaration;
  const parameters = leadingParameters(machine.node, words.free).join(", ");
  const isComputed = ts.isComputedPropertyName(name);
  const key = isComputed ? `[${keyConstant(machine.constant)}]` : name.getText();
  const member = code`${text(key, name.getStart())}(${parameters}) ${bodyCode(machine, words)}`;
  const property = key === "__proto__" ? '["__proto__"]' : key;
  const first = isComputed ? nameCode(machine, words) : property;
  return code`${first}: ${words.durable}(${toMemberCode(member, key)}, ${machine.constant})`;
}

export function emitPrivateShell(machine: Machine, words: Words): Code {
  const { name } = machine.node as ts.MethodDeclaration;
  const key = JSON.stringify(name.getText());
  const parameters = leadingParameters(machine.node, words.free).join(", ");
  return toMemberCode(code`${text(key, name.getStart())}(${parameters}) ${bodyCode(machine, words)}`, key);
}

function nameCode({ node, constant }: Machine, words: Words): Code {
  const { name } = node;
  if (name === undefined) return [];
  if (!ts.isComputedPropertyName(name)) return [source(name)];
  return code`[${keyConstant(constant)} = ${words.toKey}(${source(name.expression)})]`;
}

function bodyCode({ node, constant, generator }: Machine, words: Words): Code {
  // A method cannot name its own function; there is one, which is marked as the machine's.
  const call =
    generator === null
      ? `${words.start}(${constant}, this, arguments)`
      : `${words.generate}(${constant}, null, this, arguments)`;
  return code`{ return ${text(call, node.getStart())}; }`;
}

/**
 * The parameters that count for `length`, with their types and decorators: what reads metadata of a method must find it.
 * A decorated parameter behind those stands with a default, so that it does not count.
 */
function typedParameters(node: ts.MethodDeclaration, words: Words): Code {
  const leading = leadingParameters(node, words.free);
  const parameters = node.parameters.filter(({ name }) => name.getText() !== "this");
  const shown = parameters.slice(0, Math.max(leading.length, parameters.findLastIndex(hasDecorators) + 1));
  return joinCode(
    shown.map((parameter, index): Code => {
      const decorators = (ts.getDecorators(parameter) ?? []).flatMap((found): Code => [
        source(found),
        text(" "),
      ]);
      const type = parameter.type === undefined ? [] : code`: ${[source(parameter.type)]}`;
      const name = leading[index];
      if (name !== undefined) return code`${decorators}${name}${parameter.questionToken ? "?" : ""}${type}`;
      return code`${decorators}${words.free(`$${index + 1}`)}${type} = undefined`;
    }),
    ", ",
  );
}

function hasDecorators(parameter: ts.ParameterDeclaration): boolean {
  return (ts.getDecorators(parameter) ?? []).length > 0;
}

function source(node: ts.Node): Code[number] {
  return { kind: "source", start: node.getStart(), end: node.end };
}
