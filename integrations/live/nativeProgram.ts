/**
 * When a program that a tool has already can be asked instead of one of ours. The compiler goes by the numbers of
 * TypeScript's enums (kinds of nodes, flags), which change from one minor version to the next and never within one.
 */
import { ts } from "ts-morph";

export function isOurTypeScript(version: string): boolean {
  const minor = (text: string): string => text.split(".", 2).join(".");
  return minor(version) === minor(ts.version);
}

/** The folder of a program's tsconfig, which is what ids are relative to; null for a program without one. */
export function findProgramConfig(program: ts.Program): string | null {
  const { configFilePath } = program.getCompilerOptions();
  return typeof configFilePath === "string" ? configFilePath : null;
}
