import type ts from "typescript/lib/tsserverlibrary.js";
import type { ts as ours } from "ts-morph";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { createFileChecker } from "../../compiler/fileChecker.ts";
import { openProject } from "../live/liveProject.ts";
import { findProgramConfig, isOurTypeScript } from "../live/nativeProgram.ts";
import { dirname } from "../live/paths.ts";

/** The findings in a file of the server's project; none in a project without a tsconfig. */
export type Findings = (file: string) => readonly Diagnostic[];

export function createFindings(info: ts.server.PluginCreateInfo, typescript: typeof ts): Findings {
  const programOf = isOurTypeScript(typescript.version) ? fromServer(info) : fromProject(info);
  const checker = createFileChecker();
  return (file) => {
    const program = programOf();
    const tsconfig = program === null ? null : findProgramConfig(program);
    const source = program?.getSourceFile(file);
    if (program === null || tsconfig === null || source === undefined) return [];
    return checker.findings({ program, root: dirname(tsconfig), file: source });
  };
}

type ProgramOf = () => ours.Program | null;

/** The two types of `Program` differ in name only: `isOurTypeScript` has just been asked. */
function fromServer({ languageService }: ts.server.PluginCreateInfo): ProgramOf {
  return () => (languageService.getProgram() as ours.Program | undefined) ?? null;
}

/** The server's texts in a program of our own TypeScript. What is asked here is the same in every version of it. */
function fromProject({ project }: ts.server.PluginCreateInfo): ProgramOf {
  const tsconfig = project.getProjectName();
  if (!tsconfig.endsWith(".json")) return () => null;
  const own = openProject({
    tsconfig,
    openText(file) {
      const script = project.getScriptInfo(file);
      if (script === undefined) return undefined;
      const snapshot = script.getSnapshot();
      return { text: snapshot.getText(0, snapshot.getLength()), version: script.getLatestVersion() };
    },
  });
  return () => own.program();
}
