import { ts } from "ts-morph";
import type { DurableModule } from "../program.ts";

/** Top-level classes by name. An abstract one has no instances of its own, a declared one no code. */
export function findClasses(file: ts.SourceFile, path: string): DurableModule["classes"] {
  return file.statements.flatMap((node) => {
    if (!ts.isClassDeclaration(node) || node.name === undefined) return [];
    const skipped = (ts.getModifiers(node) ?? []).some(
      ({ kind }) => kind === ts.SyntaxKind.AbstractKeyword || kind === ts.SyntaxKind.DeclareKeyword,
    );
    return skipped ? [] : [{ id: `${path}#${node.name.text}`, name: node.name.text, node }];
  });
}
