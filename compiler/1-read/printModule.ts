/** What reading found, as text for people: the durable functions of a module, and what each call in them means. */
import { ts } from "ts-morph";
import type { CallMeaning, DurableFunction, DurableModule } from "../program.ts";

export function printFunction(module: DurableModule, { id, name, node }: DurableFunction): string {
  const lines = [`durable function ${name}, ${id}`];
  const visit = (child: ts.Node): void => {
    if (ts.isCallExpression(child))
      lines.push(`  ${lineOf(child)}: ${toLabel(child)} is ${describe(module, child)}`);
    else if (child !== node && ts.isFunctionLike(child) && "body" in child && child.body !== undefined) {
      lines.push(
        `  ${lineOf(child)}: a function, ${module.oracle.role(child as ts.FunctionLikeDeclaration)}`,
      );
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  return lines.join("\n");
}

function lineOf(node: ts.Node): number {
  return node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

function toLabel(call: ts.CallExpression): string {
  return `${call.expression.getText().replace(/\s+/g, " ")}(...)`;
}

function describe({ oracle }: DurableModule, call: ts.CallExpression): string {
  const meaning: CallMeaning = oracle.call(call);
  switch (meaning.kind) {
    case "operation":
      return `the operation ${meaning.operation}`;
    case "task":
      return "a child task";
    case "step":
      return `an implicit step "${meaning.name}"`;
    case "dynamic":
      return `a call decided at run time, "${meaning.name}"`;
    case "promiseAll":
      return "the intrinsic Promise.all";
    case "plain":
      return "a plain call";
  }
}
