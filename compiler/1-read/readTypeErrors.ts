import { ts } from "ts-morph";

/**
 * TypeScript's own errors of a program, those that `tsc` would print and in its order. Like `tsc`, it looks at types
 * only once the syntax, the options and the globals are right: what it would say before that is noise.
 */
export function readTypeErrors(program: ts.Program): readonly ts.Diagnostic[] {
  const before = readSyntaxErrors(program);
  if (before.length > program.getConfigFileParsingDiagnostics().length) return before;
  const { declaration, composite } = program.getCompilerOptions();
  const ofTypes = program.getSemanticDiagnostics();
  const ofDeclarations =
    (declaration ?? composite) === true && ofTypes.length === 0 ? program.getDeclarationDiagnostics() : [];
  return sorted([...before, ...ofTypes, ...ofDeclarations]);
}

/** The same without types: what `tsc --noCheck` still says. */
export function readSyntaxErrors(program: ts.Program): readonly ts.Diagnostic[] {
  const ofConfig = program.getConfigFileParsingDiagnostics();
  const ofSyntax = program.getSyntacticDiagnostics();
  if (ofSyntax.length > 0) return sorted([...ofConfig, ...ofSyntax]);
  return sorted([...ofConfig, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()]);
}

function sorted(errors: readonly ts.Diagnostic[]): readonly ts.Diagnostic[] {
  return ts.sortAndDeduplicateDiagnostics(errors);
}
