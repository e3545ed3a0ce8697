/** Lowers one function to one machine: parameters, variables, then the body. Nested durable functions come here too. */
import { ts } from "ts-morph";
import type { Code, Machine, Variable } from "../ir.ts";
import { invariant } from "../invariant.ts";
import type { Binding } from "../1-read/scopes.ts";
import { joinCode } from "./code.ts";
import { addVariable, createDraft, endBlock, finishBlocks, goInto, openBlock } from "./draft.ts";
import { lowerValue } from "./expressions.ts";
import type { Lowering, MachineLowering } from "./lowering.ts";
import { numberCheckpoints } from "./numberCheckpoints.ts";
import { declareBlockScoped, initialiseHoisted, setVariable } from "./declarations.ts";
import { lowerScope, usingsOf } from "./disposals.ts";
import { lowerStatements } from "./statements.ts";
import { toCode, type Overrides } from "./toCode.ts";
import { toGeneratorKind } from "./yields.ts";
import { notYet, type Unit } from "./unit.ts";

export interface MachineSpec {
  readonly fn: ts.FunctionLikeDeclaration;
  readonly id: string;
  readonly name: string;
  readonly constant: string;
  readonly captures: ReadonlyMap<Binding, Variable>;
  readonly seat: Machine["seat"];
}

export function lowerMachine(unit: Unit, spec: MachineSpec): Machine {
  const { fn, captures } = spec;
  const { checkpoints, numbers } = numberCheckpoints(unit, fn);
  const draft = createDraft();
  draft.variables.push(...captures.values());
  const variables = new Map(captures);
  const generator = toGeneratorKind(fn);
  const calls: MachineLowering["machine"]["calls"] = [];
  const numbered = { checkpoints, numbers, calls, templates: [] };
  const machine = { draft, generator, exits: [], disposables: [], ...numbered, pending: new Map() };
  const around = { constant: spec.constant, calls };
  const c: MachineLowering = { unit, fn, variables, machine, closures: [], around, lifts: true };
  // The parameter list stays native, in `enter`: it sees captures, but not the slots it is about to fill.
  const parameters = toParameters({ ...c, variables: new Map(captures), machine: null });
  declareParameters(c);
  // The entry block only loads: it is state 0, which nothing may jump back to.
  goInto(draft, openBlock(draft));
  declareFunctionScoped(c);
  lowerBody(c);
  return {
    seat: spec.seat,
    id: spec.id,
    name: spec.name,
    constant: spec.constant,
    generator,
    node: fn,
    parameters,
    variables: draft.variables,
    blocks: finishBlocks(draft),
    entry: 0,
    checkpoints,
    closures: c.closures,
    calls: machine.calls,
    templates: machine.templates,
  };
}

function toParameters(c: Lowering): Code {
  const parameters = c.fn.parameters.filter((parameter) => parameter.name.getText() !== "this");
  checkBoxedParameters(c);
  return joinCode(
    parameters.map((parameter) => toCode(c, parameter, withoutDecorators(parameter))),
    ", ",
  );
}

/** They stand at the shell's parameter. */
function withoutDecorators(parameter: ts.ParameterDeclaration): Overrides {
  return new Map((ts.getDecorators(parameter) ?? []).map((decorator) => [decorator, []]));
}

/** A closure in the parameter list sees the native parameter; one in the body would see a box beside it. */
function checkBoxedParameters(c: Lowering): void {
  const end = c.fn.parameters.end;
  for (const binding of c.unit.scopes.scope(c.fn)?.bindings.values() ?? []) {
    const boxed = binding.declarations.some((node) => c.unit.boxes.boxed.has(node));
    if (!boxed || binding.kind !== "parameter") continue;
    const use = binding.references.find(({ node, within }) => node.pos < end && within !== c.fn);
    if (!use) continue;
    notYet(c.unit, use.node, {
      construct: `a default value whose closure shares the parameter '${binding.name}'`,
      way: "Make the closure in the body.",
    });
  }
}

function declareParameters(c: MachineLowering): void {
  for (const binding of c.unit.scopes.scope(c.fn)?.bindings.values() ?? []) {
    if (binding.kind === "parameter") setVariable(c, binding, "parameter");
    if (binding.kind === "this" || binding.kind === "arguments") {
      const { kind } = binding;
      const name = c.unit.names.get(binding) ?? kind;
      c.variables.set(binding, addVariable(c.machine.draft, { name, kind }));
    }
    if (binding.kind === "ownName" && binding.references.length > 0) setVariable(c, binding, "self");
  }
}

function declareFunctionScoped(c: MachineLowering): void {
  const scope = c.unit.scopes.scope(c.fn);
  invariant(scope !== undefined, "a function has no scope");
  for (const binding of scope.bindings.values()) {
    if (binding.kind !== "var") continue;
    setVariable(c, binding, "local");
    initialiseHoisted(c, binding);
  }
  declareBlockScoped(c, c.fn);
}

function lowerBody(c: MachineLowering): void {
  const { body } = c.fn;
  invariant(body !== undefined, "a durable function has no body");
  if (!ts.isBlock(body)) {
    const value = lowerValue(c, body);
    return endBlock(c.machine.draft, { kind: "return", value });
  }
  const first = body.statements.findIndex((statement) => !isDirective(statement));
  const statements = first < 0 ? [] : body.statements.slice(first);
  lowerScope(c, usingsOf(statements), () => lowerStatements(c, statements));
  endBlock(c.machine.draft, { kind: "return", value: null });
}

function isDirective(statement: ts.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}
