/**
 * Reads `durablec.config.json`, `.js`, `.mjs` or `.ts` beside the tsconfig. All four are read, none is run: an editor
 * reads this file at every key, and code that comes with a repository must not run because somebody looks at it. What
 * is in it has to be written out: objects, arrays, texts, numbers, `true` and `false`, and names of such constants.
 *
 *     export default { explicitSteps: true, severity: { DC303: "off" } };
 *
 * What is wrong with it is a finding (DC501) at its place, and that part counts as not written.
 */
import { ts } from "ts-morph";
import { DEFAULT_CONFIG, type Config } from "../../config.ts";
import type { Diagnostic } from "../../diagnostic.ts";
import { report } from "../../diagnostics/report.ts";
import { skipWrappers } from "../wrappers.ts";
import { toConfig } from "./toConfig.ts";

export interface ReadConfig {
  readonly config: Config;
  readonly problems: readonly Diagnostic[];
}

export const CONFIG_NAMES = ["json", "ts", "mjs", "js"].map((ending) => `durablec.config.${ending}`);

export function readConfig(root: string): ReadConfig {
  const [path, other] = CONFIG_NAMES.map((name) => `${root}/${name}`).filter((one) => ts.sys.fileExists(one));
  const text = path === undefined ? undefined : ts.sys.readFile(path);
  if (path === undefined || text === undefined) return { config: DEFAULT_CONFIG, problems: [] };
  const { config, problems } = parseConfig(path, text);
  if (other === undefined) return { config, problems };
  const file = ts.createSourceFile(other, ts.sys.readFile(other) ?? "", ts.ScriptTarget.Latest, true);
  const problem = `'${toName(path)}' is there too, and only that one is read`;
  return { config, problems: [...problems, report("DC501", { file, start: 0, end: 0 }, { problem })] };
}

export function parseConfig(path: string, text: string): ReadConfig {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const [broken] = findSyntaxErrors(file);
  if (broken !== undefined) {
    const problem = ts.flattenDiagnosticMessageText(broken.messageText, " ").replace(/\.$/, "");
    const at = { file, start: broken.start, end: broken.start + broken.length };
    return { config: DEFAULT_CONFIG, problems: [report("DC501", at, { problem })] };
  }
  const value = findValue(file);
  if (value !== null) return toConfig(value);
  const problem = "this file has no 'export default' of an object";
  return { config: DEFAULT_CONFIG, problems: [report("DC501", { file, start: 0, end: 0 }, { problem })] };
}

function findSyntaxErrors(file: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  return "parseDiagnostics" in file ? (file.parseDiagnostics as ts.DiagnosticWithLocation[]) : [];
}

/** The value of `{...}` (JSON), `export default {...}` or `module.exports = {...}`, through `defineConfig({...})`. */
function findValue(file: ts.SourceFile): ts.Expression | null {
  for (const statement of file.statements) {
    if (ts.isExportAssignment(statement)) return skipCall(statement.expression);
    if (!ts.isExpressionStatement(statement)) continue;
    const { expression } = statement;
    if (file.fileName.endsWith(".json")) return expression;
    const isExports = ts.isBinaryExpression(expression) && expression.left.getText(file) === "module.exports";
    if (isExports) return skipCall(expression.right);
  }
  return null;
}

function skipCall(expression: ts.Expression): ts.Expression {
  const inner = skipWrappers(expression);
  const [argument] = ts.isCallExpression(inner) ? inner.arguments : [];
  return argument !== undefined && ts.isCallExpression(inner) && inner.arguments.length === 1
    ? skipWrappers(argument)
    : inner;
}

function toName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
