/** One ESLint rule: reports the findings of a family, with the fixes that stay in the file. */
import type { Rule } from "eslint";
import type { Diagnostic, DiagnosticFix } from "../../compiler/diagnostic.ts";
import { toWording } from "../live/wording.ts";
import { toSlashes } from "../live/paths.ts";
import { codesOf, FAMILIES, toFamily, type Family } from "./families.ts";
import type { FindingSource } from "./findings.ts";

interface RuleOptions {
  readonly severities?: readonly Diagnostic["severity"][];
}

const SEVERITIES = ["error", "warning", "advice"] as const;

export function createRule(family: Family, source: FindingSource): Rule.RuleModule {
  return {
    meta: {
      type: "problem",
      docs: { description: FAMILIES[family] },
      fixable: "code",
      hasSuggestions: true,
      messages: {
        ...Object.fromEntries(codesOf(family).map((code) => [code, `${code}: {{words}}`])),
        fix: "{{title}}",
      },
      schema: [
        {
          type: "object",
          properties: { severities: { type: "array", items: { enum: SEVERITIES }, uniqueItems: true } },
          additionalProperties: false,
        },
      ],
      defaultOptions: [{ severities: SEVERITIES }],
    },
    create: (context) => ({
      "Program:exit"() {
        const [{ severities = SEVERITIES } = {}] = context.options as readonly RuleOptions[];
        for (const finding of source.of(context))
          if (toFamily(finding.code) === family && severities.includes(finding.severity))
            context.report(toReport(finding, context));
      },
    }),
  };
}

function toReport(finding: Diagnostic, { sourceCode, filename }: Rule.RuleContext): Rule.ReportDescriptor {
  const own = (finding.fixes ?? []).filter(({ edits }) =>
    edits.every(({ file }) => file === toSlashes(filename)),
  );
  const [first] = own;
  const isSafe = first?.safe === true;
  return {
    messageId: finding.code,
    data: { words: toWording(finding) },
    loc: { start: sourceCode.getLocFromIndex(finding.start), end: sourceCode.getLocFromIndex(finding.end) },
    ...(isSafe ? { fix: (fixer) => toFixes(fixer, first) } : {}),
    suggest: own.map((fix) => ({
      messageId: "fix",
      data: { title: fix.title },
      fix: (fixer) => toFixes(fixer, fix),
    })),
  };
}

function toFixes(fixer: Rule.RuleFixer, { edits }: DiagnosticFix): Rule.Fix[] {
  return edits.map(({ start, end, text }) => fixer.replaceTextRange([start, end], text));
}
