/**
 * The findings of the file that ESLint is looking at: from typescript-eslint's program where there is one and its
 * TypeScript is of our version, else from a project of our own, and for a file of no project from its text alone.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Rule, SourceCode } from "eslint";
import { ts } from "ts-morph";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { createFileChecker, type FileChecker } from "../../compiler/fileChecker.ts";
import { findProgramConfig, isOurTypeScript } from "../live/nativeProgram.ts";
import { dirname, toSlashes } from "../live/paths.ts";
import { createWorkspace, type Workspace } from "../live/workspace.ts";

export interface FindingSource {
  of(context: Rule.RuleContext): readonly Diagnostic[];
}

/** How long the disk is taken to be as it was. ESLint does not say when a run begins, and editors keep it running. */
const refreshAfterMs = 2_000;

export function createFindingSource(): FindingSource {
  // Every rule asks for the same file, one after the other.
  const known = new WeakMap<SourceCode, readonly Diagnostic[]>();
  const workspace = createWorkspace();
  const checker = createFileChecker();
  const disk = { refreshedAt: performance.now() };
  return {
    of(context) {
      const before = known.get(context.sourceCode);
      if (before !== undefined) return before;
      if (performance.now() - disk.refreshedAt > refreshAfterMs) {
        workspace.refresh();
        disk.refreshedAt = performance.now();
      }
      const findings = fromProgram(context, checker) ?? fromWorkspace(context, workspace);
      known.set(context.sourceCode, findings);
      return findings;
    },
  };
}

function fromProgram(context: Rule.RuleContext, checker: FileChecker): readonly Diagnostic[] | null {
  const { program } = context.sourceCode.parserServices as { readonly program?: ts.Program | null };
  if (program === undefined || program === null || !isReadable(program, context.cwd)) return null;
  const tsconfig = findProgramConfig(program);
  const file = program.getSourceFile(toSlashes(context.filename));
  if (tsconfig === null || file === undefined) return null;
  return checker.findings({ program, root: dirname(tsconfig), file });
}

/**
 * Which TypeScript made a program is written nowhere in it. It is the one that is found from where ESLint runs, as far
 * as can be told; that the kind of a file has our number is the proof that it is not another one after all.
 */
function isReadable(program: ts.Program, cwd: string): boolean {
  const [file] = program.getSourceFiles();
  if (file?.kind !== ts.SyntaxKind.SourceFile) return false;
  try {
    const typescript = createRequire(join(cwd, "package.json"))("typescript/package.json") as {
      readonly version: string;
    };
    return isOurTypeScript(typescript.version);
  } catch {
    return false;
  }
}

function fromWorkspace(
  { filename, sourceCode }: Rule.RuleContext,
  workspace: Workspace,
): readonly Diagnostic[] {
  const file = toSlashes(filename);
  // Only what differs from the disk is an edit: anything else would make a new program for every file.
  const saved = ts.sys.readFile(file);
  workspace.setText(file, saved === sourceCode.text ? undefined : sourceCode.text);
  const findings = workspace.findings(file);
  workspace.setText(file, undefined);
  return findings;
}
