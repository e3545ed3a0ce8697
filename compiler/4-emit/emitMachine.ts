/** Emits a machine's definition and its closures, as `docs/machine.md` shows them. */
import { createHash } from "node:crypto";
import { ts } from "ts-morph";
import { VOCABULARY } from "@durablec/runtime/machine";
import type { Checkpoint, Code, LiftedClosure, Machine, Template, Variable } from "../ir.ts";
import { code, joinCode, text } from "../3-lower/code.ts";
import { toLiveIn } from "../3-lower/findLiveness.ts";
import { toNamedCode } from "../3-lower/inferredName.ts";
import { emitRun, type EmitContext } from "./emitRun.ts";
import { emitShell } from "./emitShell.ts";

/** Stands for a machine's hash until the text that it is taken over is complete. As long as a hash, so nothing moves. */
export function toPlaceholder({ id }: Machine): string {
  return `##${createHash("sha256").update(id).digest("hex").slice(0, 14)}`;
}

interface Shape {
  /** A closure's machine: `enter` comes with the closure. */
  readonly isClosure?: boolean;
  /** Empty where the constant is declared elsewhere. */
  readonly declare?: string;
}

/** The machine and everything it needs: closures first, as `run` refers to them. */
export function emitMachine(context: EmitContext, machine: Machine, shape: Shape = {}): Code {
  const { isClosure = false, declare = `${context.declare} ` } = shape;
  const { words } = context;
  const templates = machine.templates.flatMap((template) => emitTemplate(context, template));
  const closures = machine.closures.flatMap((closure) => emitClosure(context, closure));
  const fields: Code[] = [
    code`vocabulary: ${String(VOCABULARY)}`,
    code`id: ${JSON.stringify(machine.id)}`,
    code`hash: "${toPlaceholder(machine)}"`,
    code`name: ${JSON.stringify(machine.name)}`,
    code`source: ${JSON.stringify(context.path)}`,
    ...(machine.generator === null ? [] : [code`generator: "${machine.generator}"`]),
    ...(isClosure ? [] : [code`enter(${machine.parameters}) { ${emitSlots(context, machine)} }`]),
    ...(machine.calls.length > 0 ? [emitCalls(machine)] : []),
    code`checkpoints: {\n${machine.checkpoints.map((checkpoint) => emitCheckpoint(context, checkpoint)).join("")}}`,
    emitRunField(context, machine),
  ];
  return code`${templates}${closures}${declare}${machine.constant} = ${words.machine}({\n${joinCode(fields, ",\n")},\n});\n\n`;
}

/** The tag gives back what it is given: the language's own object for this place. */
function emitTemplate({ words, declare }: EmitContext, { id, constant, code: literal }: Template): Code {
  const tagged = code`(${words.awaited}) => ${words.awaited}${literal}`;
  return code`${declare} ${constant} = ${words.template}(${JSON.stringify(id)}, ${tagged});\n\n`;
}

/** `return { order, stock: undefined };`: every slot that is ever stored, so that all frames have one shape. */
function emitSlots({ words }: EmitContext, machine: Machine): string {
  const slots = slotsOf(machine).map(({ name, kind, boxed, declaration }) => {
    if (kind === "this" || kind === "arguments") return `${name}: ${kind}`;
    if (kind === "self") return `${name}: ${selfConstant(machine) ?? words.me}`;
    if (kind === "capture") return name;
    if (kind !== "parameter") return `${name}: undefined`;
    const own = declaration?.getText() ?? name;
    if (boxed) return `${name}: ${words.box}(${own})`;
    return own === name ? name : `${name}: ${own}`;
  });
  return slots.length === 0 ? "return {};" : `return { ${slots.join(", ")} };`;
}

/** Holds a function expression of the module that uses its own name; null for others. */
export function selfConstant({ constant, variables, seat }: Machine): string | null {
  if (seat === null || seat.made !== null) return null;
  return variables.some(({ kind }) => kind === "self") ? `${constant}$me` : null;
}

export function slotsOf({ variables, checkpoints, blocks, entry }: Machine): readonly Variable[] {
  const stored = new Set([
    ...checkpoints.flatMap(({ live }) => live),
    ...(toLiveIn(blocks).get(entry) ?? []),
  ]);
  return variables.filter((variable) => stored.has(variable));
}

function emitCalls({ calls }: Machine): Code {
  const entries = calls.map(
    ({ checkpoint, code: body }) => code`${checkpoint < 0 ? `"${checkpoint}"` : String(checkpoint)}: ${body}`,
  );
  return code`calls: { ${joinCode(entries, ", ")} }`;
}

function emitCheckpoint(
  { positionOf }: EmitContext,
  { number, kind, name, node, awaited, live }: Checkpoint,
): string {
  const { line, column } = positionOf(node.getStart());
  const fields = [
    `kind: ${JSON.stringify(kind)}`,
    ...(name === null ? [] : [`name: ${JSON.stringify(name)}`]),
    `line: ${line}`,
    `column: ${column}`,
    ...(awaited ? [`live: ${JSON.stringify(live.map((variable) => variable.name))}`] : []),
  ];
  return `${number}: { ${fields.join(", ")} },\n`;
}

/** The function has the author's name, for stack traces; not as a binding where its own body means another one by it. */
function emitRunField(context: EmitContext, machine: Machine): Code {
  const { frame, slots } = context.words;
  const name = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(machine.name) ? machine.name : "anonymous";
  const run = emitRun(context, machine);
  const at = (machine.node.name ?? machine.node).getStart();
  if (mentions(machine.node, name)) {
    return code`run: ({ ${text(name, at)}(${frame}, ${slots}) {\n${run}\n} }).${name}`;
  }
  return code`run: function ${text(name, at)}(${frame}, ${slots}) {\n${run}\n}`;
}

/** Also keeps reserved words away: a property may be called `delete`, a function may not. */
function mentions(node: ts.Node, name: string): boolean {
  if (ts.identifierToKeywordKind(ts.factory.createIdentifier(name)) !== undefined) return true;
  const visit = (child: ts.Node): true | undefined => {
    const isOwnName = child.parent === node && "name" in node && node.name === child;
    if (ts.isIdentifier(child) && child.text === name && !isOwnName) return true;
    return ts.forEachChild(child, visit);
  };
  return ts.forEachChild(node, visit) ?? false;
}

/** `declare`: empty where the constants are declared elsewhere. */
export function emitClosure(
  context: EmitContext,
  closure: LiftedClosure,
  declare = `${context.declare} `,
): Code {
  const { words } = context;
  if (closure.kind === "class") return emitClass(context, closure, declare);
  const captures = closure.captures.map(({ name }) => name).join(", ");
  if (closure.kind === "method") return emitInnerMethod(context, closure, declare);
  const head = code`${declare}${closure.constant} = ${words.closure}(${JSON.stringify(closure.id)}, (${captures}) => `;
  if (closure.machine === null) {
    return code`${head}${toNamedCode(closure.code, closure.inferredName)});\n\n`;
  }
  const { machine } = closure;
  const enter = code`const ${words.enter} = function (${machine.parameters}) { ${emitSlots(context, machine)} };`;
  const shell = emitShell(context, { machine, enter: words.enter, inferredName: closure.inferredName });
  const made = machine.generator === "sync" ? shell : code`${words.durable}(${shell}, ${machine.constant})`;
  const isNamed = machine.variables.some(({ kind }) => kind === "self");
  const result = isNamed ? code`const ${words.me} = ${made};\nreturn ${words.me};` : code`return ${made};`;
  const factory = code`{\n${enter}\n${result}\n}`;
  return code`${emitMachine(context, machine, { isClosure: true, declare })}${head}${factory});\n\n`;
}

/** `($live, ...captures, $base, $k1) => class extends $base { ... }` */
function emitClass({ words }: EmitContext, closure: LiftedClosure, declare: string): Code {
  const { constant, id, captures, operands, inferredName } = closure;
  const parameters = [words.isLive, ...captures.map(({ name }) => name), ...operands].join(", ");
  const made = toNamedCode(closure.code, inferredName);
  return code`${declare}${constant} = ${words.klass}(${JSON.stringify(id)}, (${parameters}) => ${made});\n\n`;
}

/** The machine, and what makes its `enter` from the captures of the class. */
function emitInnerMethod(context: EmitContext, closure: LiftedClosure, declare: string): Code {
  const { constant, captures, machine } = closure;
  if (machine === null) return [];
  const names = captures.map(({ name }) => name).join(", ");
  const enter = code`function (${machine.parameters}) { ${emitSlots(context, machine)} }`;
  return code`${emitMachine(context, machine, { isClosure: true, declare })}${declare}${constant} = (${names}) => ${enter};\n\n`;
}
