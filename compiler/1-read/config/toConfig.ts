/** Checks a configuration key by key. Strict: a key or a code that is not known is a slip that would go unseen for years. */
import { ts } from "ts-morph";
import { DEFAULT_CONFIG, type Config } from "../../config.ts";
import type { Diagnostic } from "../../diagnostic.ts";
import { CATALOGUE } from "../../diagnostics/catalogue.ts";
import { report } from "../../diagnostics/report.ts";
import { skipWrappers } from "../wrappers.ts";

const SEVERITIES = ["error", "warning", "advice", "off"] as const;

interface Reading {
  readonly problems: Diagnostic[];
}

export function toConfig(value: ts.Expression): {
  readonly config: Config;
  readonly problems: readonly Diagnostic[];
} {
  const reading: Reading = { problems: [] };
  let config = DEFAULT_CONFIG;
  for (const { key, at, value: part } of toEntries(reading, value, "the configuration")) {
    switch (key) {
      case "$schema":
        break;
      case "pure":
      case "impure":
      case "step":
        config = { ...config, [key]: toNames(reading, key, part) };
        break;
      case "severity":
        config = { ...config, severity: toSeverities(reading, part) };
        break;
      case "explicitSteps":
        config = { ...config, explicitSteps: toBoolean(reading, key, part) };
        break;
      default:
        complain(reading, at, `the key '${key}' is not known (pure, impure, step, severity, explicitSteps)`);
    }
  }
  return { config, problems: reading.problems };
}

function complain({ problems }: Reading, at: ts.Node, problem: string): void {
  problems.push(report("DC501", at, { problem }));
}

interface Entry {
  readonly key: string;
  readonly at: ts.Node;
  readonly value: ts.Expression;
}

function toEntries(reading: Reading, written: ts.Expression, what: string): Entry[] {
  const value = toWritten(written);
  if (!ts.isObjectLiteralExpression(value)) {
    complain(reading, written, `${what} has to be an object, written out here`);
    return [];
  }
  const known = new Set<string>();
  return value.properties.flatMap((property): Entry[] => {
    const { name } = property;
    const isPlain = name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteralLike(name));
    const part = ts.isPropertyAssignment(property)
      ? property.initializer
      : ts.isShorthandPropertyAssignment(property)
        ? property.name
        : undefined;
    if (!isPlain || part === undefined) {
      complain(reading, property, `${what} is read and not run, so only plain 'key: value' pairs count`);
      return [];
    }
    if (known.has(name.text)) complain(reading, name, `the key '${name.text}' stands here twice`);
    known.add(name.text);
    return [{ key: name.text, at: name, value: part }];
  });
}

function toNames(reading: Reading, key: string, written: ts.Expression): ReadonlySet<string> {
  const value = toWritten(written);
  if (!ts.isArrayLiteralExpression(value)) {
    complain(reading, written, `'${key}' has to be a list of names`);
    return new Set();
  }
  return new Set(
    value.elements.flatMap((element) => {
      const name = toWritten(element);
      if (!ts.isStringLiteralLike(name)) {
        complain(reading, element, `a name in '${key}' has to be a text`);
        return [];
      }
      if (isName(name.text)) return [name.text.replace(/^node:/, "")];
      complain(reading, name, `"${name.text}" is neither 'module#export' nor a global like 'Date.now'`);
      return [];
    }),
  );
}

function isName(text: string): boolean {
  return (
    /^[^\s#]+#[\p{ID_Start}$_][\p{ID_Continue}$.]*$/u.test(text) ||
    /^[\p{ID_Start}$_][\p{ID_Continue}$.]*$/u.test(text)
  );
}

function toSeverities(reading: Reading, written: ts.Expression): Config["severity"] {
  const severities = new Map<string, (typeof SEVERITIES)[number]>();
  for (const { key, at, value } of toEntries(reading, written, "'severity'")) {
    const text = toWritten(value);
    const severity = ts.isStringLiteralLike(text) ? SEVERITIES.find((one) => one === text.text) : undefined;
    if (!(key in CATALOGUE)) complain(reading, at, `'${key}' is no code of durablec`);
    else if (key.startsWith("DC1") || key.startsWith("DC5"))
      complain(reading, at, `'${key}' has no other severity: what it finds has no meaning`);
    else if (severity === undefined)
      complain(reading, value, `a severity is one of ${SEVERITIES.join(", ")}`);
    else severities.set(key, severity);
  }
  return severities;
}

function toBoolean(reading: Reading, key: string, written: ts.Expression): boolean {
  const { kind } = toWritten(written);
  if (kind !== ts.SyntaxKind.TrueKeyword && kind !== ts.SyntaxKind.FalseKeyword)
    complain(reading, written, `'${key}' has to be true or false`);
  return kind === ts.SyntaxKind.TrueKeyword;
}

/** A constant of the file stands for what it is made from; once, so that a circle ends. */
function toWritten(expression: ts.Expression): ts.Expression {
  const inner = skipWrappers(expression);
  if (!ts.isIdentifier(inner)) return inner;
  const declarations = inner
    .getSourceFile()
    .statements.filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations);
  const value = declarations.find(
    ({ name }) => ts.isIdentifier(name) && name.text === inner.text,
  )?.initializer;
  return value === undefined ? inner : skipWrappers(value);
}
