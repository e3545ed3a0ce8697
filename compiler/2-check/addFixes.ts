/**
 * Gives findings their fixes. A pass of its own, over findings: what a rule finds and how it is mended change for
 * different reasons, and the faces that want no fixes pay nothing for them.
 *
 *     DC201 at `Date.now`     ->  fixes: [use now(), wrap in step]
 *
 * A fix is offered only where it leaves sound code: the name is free or its own, an await may stand there, the result can
 * be recorded. `safe` ones change nothing but what the finding is about.
 */
import type { ts } from "ts-morph";
import { DEFAULT_CONFIG } from "../config.ts";
import type { Diagnostic, DiagnosticFix } from "../diagnostic.ts";
import type { DurableProgram } from "../program.ts";
import { createSearch, type ImpureSearch } from "./findImpureUse.ts";
import { addAwait } from "./fixes/addAwait.ts";
import { findNode } from "./fixes/findNode.ts";
import { addDirective, correctDirective } from "./fixes/fixDirective.ts";
import { replaceImpure } from "./fixes/replaceImpure.ts";
import { wrapInStep } from "./fixes/wrapInStep.ts";

export function addFixes(program: DurableProgram, findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const { program: checked } = program;
  if (checked === null) return findings;
  const search = createSearch(checked, program.root, DEFAULT_CONFIG);
  return findings.map((finding) => {
    const file = checked.getSourceFile(finding.file);
    const node = file === undefined ? null : findNode(file, finding.start, finding.end);
    const fixes = node === null ? [] : findFixes(search, finding, node);
    return fixes.length === 0 ? finding : { ...finding, fixes };
  });
}

function findFixes(search: ImpureSearch, { code, notes }: Diagnostic, node: ts.Node): DiagnosticFix[] {
  const wrap = (): (DiagnosticFix | null)[] => [wrapInStep(search.resolver, node)];
  const fixes = (): (DiagnosticFix | null)[] => {
    switch (code) {
      case "DC101":
        return [correctDirective(node)];
      case "DC201":
      case "DC202":
        // With notes it was found through a call: what is written here is the project's own.
        return notes.length > 0 ? wrap() : [replaceImpure(search, node), ...wrap()];
      case "DC203":
      case "DC204":
      case "DC205":
      case "DC206":
      case "DC208":
      case "DC223":
      case "DC217":
        return wrap();
      case "DC210":
        return [addAwait(node)];
      case "DC216":
        return [addDirective(search.resolver, node)];
      default:
        return [];
    }
  };
  return fixes().filter((fix) => fix !== null);
}
