/**
 * Options whose value is a service of the process, code that no state can hold: a logger, a text form. What stands for one is
 * known by its name, so that a variable of a module is found again.
 */
import { ts } from "ts-morph";
import { walkUpWrappers } from "./wrappers.ts";

const OPTIONS: ReadonlySet<string> = new Set([
  "customLogger",
  "defaultSerdes",
  "defaultCallbackDeserializer",
  "serdes",
  "itemSerdes",
  "payloadSerdes",
  "resultSerdes",
]);

/** True for `log` in `{ customLogger: log }`, and for `serdes` in `{ serdes }`. */
export function isServiceOption(node: ts.Expression): boolean {
  const outer = walkUpWrappers(node);
  const { parent } = outer;
  if (ts.isShorthandPropertyAssignment(parent)) return parent.name === node && OPTIONS.has(parent.name.text);
  return (
    ts.isPropertyAssignment(parent) && parent.initializer === outer && OPTIONS.has(parent.name.getText())
  );
}
