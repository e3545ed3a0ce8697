/**
 * Puts outermost machines where they have to stand, and marks the author's functions as theirs.
 *
 *     class Account {                                let $add;
 *       #cents = 0;                                  class Account {
 *       async add(n) {                                 static { $add = $machine({...}); $durable(this.prototype.add, $add); }
 *         "use durable";                               #cents = 0;
 *         this.#cents += await rate(n);                add(n) { return $start($add, this, arguments); }
 *       }                                            }
 *     }
 *
 * The static block stands first in its class, so that static fields can call the class's methods already.
 */
import { ts } from "ts-morph";
import type { Code, Machine, Place, Seat } from "../ir.ts";
import { code, text } from "../3-lower/code.ts";
import { emitClosure, emitMachine, selfConstant } from "./emitMachine.ts";
import type { EmitContext } from "./emitRun.ts";
import { emitPrivateShell, isClassMethod, keyConstant, shellConstant } from "./emitMethod.ts";

/** Code to be put in at one position of the author's text. */
export interface Insertion {
  readonly at: number;
  readonly code: Code;
}

/** A machine's own code, and where it goes. */
export interface Seated {
  /** For the top of the module. */
  readonly top: Code;
  readonly inside: readonly Insertion[];
}

export function emitSeated(context: EmitContext, machine: Machine): Seated {
  const place: Place = machine.seat?.place ?? { kind: "module" };
  const own = emitCode(context, machine, toDeclare(context, place));
  const statements = [...emitHome(machine), ...emitMark(context, machine)];
  const names = declaredNames(machine);
  const declared =
    names.length === 0 ? "" : `${context.declare === "const" ? "let" : "var"} ${names.join(", ")};\n`;
  const literal = emitLiteralHome(machine.seat);
  switch (place.kind) {
    case "module":
      return { top: code`${declared}${own}`, inside: [...literal, ...statements.map(toStaticBlock)] };
    case "block": {
      const block = { at: place.node.getStart() + 1, code: code`\n${own}` };
      return { top: [text(declared)], inside: [...literal, block, ...statements.map(toStaticBlock)] };
    }
    case "class": {
      const here = toStaticBlock({ node: place.node, code: own });
      return { top: [text(declared)], inside: [...literal, here, ...statements.map(toStaticBlock)] };
    }
  }
}

/** How its constants are declared: in a class they are assigned only. */
function toDeclare(context: EmitContext, { kind }: Place): string {
  if (kind === "class") return "";
  return kind === "block" ? "const " : `${context.declare} `;
}

/** A machine, or for a function in a field the closure with it. */
function emitCode(context: EmitContext, machine: Machine, declare: string): Code {
  const made = machine.seat?.made ?? null;
  if (made === null) return emitMachine(context, machine, { declare });
  const { id, node } = machine;
  const closure = { ...made, id, node, kind: "function", operands: [], code: [], machine } as const;
  return emitClosure(context, closure, declare);
}

/** What is assigned inside the class, and used outside the block in which that happens. */
function declaredNames(machine: Machine): readonly string[] {
  const { constant, node, seat } = machine;
  const self = selfConstant(machine);
  const names: string[] = self === null ? [] : [self];
  if (seat?.place.kind === "class") names.push(constant, ...(seat.made === null ? [] : [seat.made.constant]));
  if (seat?.home) names.push(seat.home.constant);
  if (node.name !== undefined && ts.isPrivateIdentifier(node.name)) names.push(shellConstant(constant));
  if (node.name !== undefined && ts.isComputedPropertyName(node.name)) names.push(keyConstant(constant));
  return names;
}

interface Statement {
  readonly node: ts.ClassLikeDeclaration;
  readonly code: Code;
}

function toStaticBlock({ node, code: statements }: Statement): Insertion {
  return { at: node.members.pos, code: code`\nstatic {\n${statements}}\n` };
}

function emitHome({ seat }: Machine): readonly Statement[] {
  if (!seat?.home || ts.isObjectLiteralExpression(seat.home.holder)) return [];
  const { holder, isStatic, constant } = seat.home;
  return [{ node: holder, code: [text(`${constant} = this${isStatic ? "" : ".prototype"};\n`)] }];
}

/** `{ ... }` becomes `($home = { ... })`. */
function emitLiteralHome(seat: Seat | null): readonly Insertion[] {
  const home = seat?.home ?? null;
  if (home === null || !ts.isObjectLiteralExpression(home.holder)) return [];
  return [
    { at: home.holder.getStart(), code: [text(`(${home.constant} = `)] },
    { at: home.holder.end, code: [text(")")] },
  ];
}

function emitMark({ words }: EmitContext, machine: Machine): readonly Statement[] {
  const { node, constant } = machine;
  if (!isClassMethod(node)) return [];
  const { name } = node;
  if (ts.isPrivateIdentifier(name)) {
    const shell = emitPrivateShell(machine, words);
    return [
      {
        node: node.parent,
        code: code`${shellConstant(constant)} = ${words.durable}(${shell}, ${constant});\n`,
      },
    ];
  }
  const isStatic = (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  const key = ts.isComputedPropertyName(name) ? keyConstant(constant) : JSON.stringify(name.text);
  const member = `this${isStatic ? "" : ".prototype"}[${key}]`;
  return [{ node: node.parent, code: [text(`${words.durable}(${member}, ${constant});\n`)] }];
}
