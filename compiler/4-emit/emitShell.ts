/**
 * Emits the function that callers see: the author's kind of function, with the same name, `length` and place, that
 * starts the machine. Arrows have no `arguments` and no `this`, so they pass on what their parameters got.
 *
 *     async (order, options = {}) => ...      ->      $arity(1, (...$a) => $start($fulfil, undefined, $a))
 */
import { ts } from "ts-morph";
import type { Code, Machine } from "../ir.ts";
import { code, text } from "../3-lower/code.ts";
import { leadingParameters, parametersOf } from "../3-lower/parameters.ts";
import { toMemberCode, toNamedCode } from "../3-lower/inferredName.ts";
import type { EmitContext } from "./emitRun.ts";

export interface Shell {
  readonly machine: Machine;
  /** The closure's own `enter`; null for a machine that has one. */
  readonly enter: string | null;
  /** For a function without a name of its own. */
  readonly inferredName: string | null;
}

/** The shell as an expression; a declaration's too, as `function fulfil(order) { ... }` is both. */
export function emitShell(context: EmitContext, shell: Shell): Code {
  const { node } = shell.machine;
  if (ts.isArrowFunction(node)) return emitArrow(context, shell);
  const { words } = context;
  if (shell.machine.generator !== null && !isDeclaration(shell)) return emitGenerator(context, shell);
  const parameters = leadingParameters(node, words.free).join(", ");
  const call = code`{ return ${startCode(context, shell, ["this", "arguments"])}; }`;
  const at = node.name?.getStart();
  if (ts.isMethodDeclaration(node)) {
    const name = node.name.getText();
    return toMemberCode(code`${text(name, at)}(${parameters}) ${call}`, name);
  }
  const fn = code`function ${node.name ? text(node.name.getText(), at) : ""}(${parameters}) ${call}`;
  return toNamedCode(fn, shell.inferredName);
}

/** Declarations at module level are hoisted. Others, and closures, are made where they stand. */
function isDeclaration({ machine, enter }: Shell): boolean {
  return ts.isFunctionDeclaration(machine.node) && machine.node.name !== undefined && enter === null;
}

/** `$generator($fulfil_1m, "numbers", 1, $enter)` */
function emitGenerator({ words }: EmitContext, { machine, enter, inferredName }: Shell): Code {
  const { node, constant } = machine;
  const own = node.name && ts.isIdentifier(node.name) ? node.name.text : null;
  const name = JSON.stringify(own ?? inferredName ?? "");
  const length = leadingParameters(node, words.free).length;
  const last = enter === null ? [] : [enter];
  const args = [constant, name, String(length), ...last].join(", ");
  return [text(`${words.generator}(${args})`, node.getStart())];
}

function emitArrow(context: EmitContext, shell: Shell): Code {
  const { node } = shell.machine;
  const { words } = context;
  const parameters = leadingParameters(node, words.free);
  if (parameters.length === parametersOf(node).length) {
    const list = parameters.join(", ");
    return toNamedCode(
      code`(${list}) => ${startCode(context, shell, ["undefined", `[${list}]`])}`,
      shell.inferredName,
    );
  }
  const rest = code`(...${words.args}) => ${startCode(context, shell, ["undefined", words.args])}`;
  const arrow = toNamedCode(rest, shell.inferredName);
  return parameters.length === 0 ? arrow : code`${words.arity}(${String(parameters.length)}, ${arrow})`;
}

function startCode({ words }: EmitContext, { machine, enter }: Shell, args: readonly string[]): Code {
  const last = enter === null ? [] : [enter];
  if (machine.generator !== null) {
    const all = [machine.constant, machine.node.name?.getText() ?? "", ...args, "new.target"].join(", ");
    return [text(`${words.generate}(${all})`, machine.node.getStart())];
  }
  return [
    text(`${words.start}(${[machine.constant, ...args, ...last].join(", ")})`, machine.node.getStart()),
  ];
}
