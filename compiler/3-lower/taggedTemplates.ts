/**
 * Lowers tagged templates with an await: a call, whose first argument is the strings object of the site. There is one for
 * each site, made by the language itself in the module and registered under an id, so that a state can hold it:
 *
 *     o.tag`a${await x}b`      const $fulfil_t1 = $template("src/fulfil.ts#fulfil.$t1", ($v) => $v`a${0}b`);
 *                              $invoke($1, o, [$fulfil_t1, $2], "o.tag")
 */
import { ts } from "ts-morph";
import type { Code } from "../ir.ts";
import { skipWrappers } from "../1-read/wrappers.ts";
import { toCalleeText } from "./calleeText.ts";
import { code, joinCode, text } from "./code.ts";
import { referenceOperands } from "./expressions.ts";
import { holdMethod } from "./lowerCall.ts";
import type { MachineLowering } from "./lowering.ts";
import { lowerOperands } from "./operands.ts";
import { insideToCode, toCode, type Overrides } from "./toCode.ts";

export function lowerTagged(c: MachineLowering, node: ts.TaggedTemplateExpression): Code {
  const tag = skipWrappers(node.tag);
  const isMember = ts.isPropertyAccessExpression(tag) || ts.isElementAccessExpression(tag);
  const callee = { node: node.tag, as: "callee" } as const;
  // The template is printed where it stands, and its strings are those of the place.
  if (!ts.isTemplateExpression(node.template) || !c.unit.awaits.has(node.template)) {
    return insideToCode(c, node, lowerOperands(c, isMember ? referenceOperands(tag) : [callee]));
  }
  const strings = addTemplate(c, node.template);
  const values = node.template.templateSpans.map(({ expression }) => ({ node: expression }));
  const print = (overrides: Overrides): Code =>
    joinCode([strings, ...values.map((value) => toCode(c, value.node, overrides))], ", ");
  if (!isMember) {
    const overrides = lowerOperands(c, [callee, ...values]);
    return code`(${toCode(c, node.tag, overrides)})(${print(overrides)})`;
  }
  const { fn, self } = holdMethod(c, node, tag);
  const list = print(lowerOperands(c, values));
  return code`${c.unit.words.invoke}(${fn}, ${self}, [${list}], ${JSON.stringify(toCalleeText(tag))})`;
}

function addTemplate(c: MachineLowering, { head, templateSpans }: ts.TemplateExpression): Code {
  const number = c.unit.templates.length + 1;
  const constant = c.unit.words.free(`${c.unit.constant}_t${number}`);
  const literals = [head, ...templateSpans.map(({ literal }) => literal)];
  const parts = literals.map((part): Code => [{ kind: "source", start: part.getStart(), end: part.end }]);
  const id = `${c.unit.fn.id}.$t${number}`;
  const template = { constant, id, code: joinCode(parts, "0") };
  c.unit.templates.push(template);
  c.machine.templates.push(template);
  return [text(constant, head.getStart())];
}
