/**
 * `durablec/eslint`: an ESLint plugin with one rule a family of findings.
 *
 *     import { recommended } from "durablec/eslint";
 *     export default [...yourConfig, recommended];
 *
 * A parser that reads TypeScript has to be set (typescript-eslint's); its type information is used where it is on, and
 * is not needed.
 */
import type { ESLint, Linter, Rule } from "eslint";
import { version } from "../../compiler/version.ts";
import { FAMILIES, type Family } from "./families.ts";
import { createFindingSource } from "./findings.ts";
import { createRule } from "./rule.ts";

const source = createFindingSource();
const families = Object.keys(FAMILIES) as Family[];

export const rules: Readonly<Record<Family, Rule.RuleModule>> = Object.fromEntries(
  families.map((family) => [family, createRule(family, source)]),
) as Record<Family, Rule.RuleModule>;

export const meta = { name: "durablec", version: version(), namespace: "durablec" } as const;

/** For configurations that choose their own rules: `plugins: { durablec: plugin }`. */
export const plugin: ESLint.Plugin = { meta, rules: { ...rules } };

/** Every rule, as an error, for TypeScript's files. */
export const recommended: Linter.Config = {
  name: "durablec/recommended",
  files: ["**/*.ts", "**/*.tsx", "**/*.mts", "**/*.cts"],
  plugins: { durablec: plugin },
  rules: Object.fromEntries(families.map((family) => [`durablec/${family}`, "error"])),
};

export const configs = { recommended } as const;
