/**
 * Findings of any file on the disk or open in an editor, each through the project it belongs to. What the faces for
 * editors share when they have no program of their own to ask.
 */
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { ts } from "ts-morph";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { createFileChecker, type FileChecker, type FileInProgram } from "../../compiler/fileChecker.ts";
import type { LoweredModule } from "../../compiler/index.ts";
import { checkProgram } from "../../compiler/checkProgram.ts";
import { CONFIG_NAMES, parseConfig } from "../../compiler/1-read/config/readConfig.ts";
import { readText } from "../../compiler/1-read/readText.ts";
import { openProject, type LiveProject, type OpenText } from "./liveProject.ts";

export interface Workspace {
  /** Undefined closes the file: its text on the disk counts again. */
  setText(file: string, text: string | undefined): void;
  /** A file of no project is looked at alone, by its syntax. */
  findings(file: string): readonly Diagnostic[];
  /** The machines of a file of a project; null without a durable function in it. */
  lowered(file: string): LoweredModule | null;
  /** The text that findings are about. */
  textOf(file: string): string | undefined;
  /** The disk may have changed. */
  refresh(): void;
}

/** Paths are absolute, with forward slashes. */
export function createWorkspace(): Workspace {
  const open = new Map<string, OpenText>();
  const projects = new Map<string, Opened>();
  const versions = { next: 1 };
  const openOne = (tsconfig: string): Opened => {
    const known = projects.get(tsconfig);
    if (known !== undefined) return known;
    const project = openProject({ tsconfig, openText: (file) => open.get(file) });
    const opened = { project, checker: createFileChecker() };
    projects.set(tsconfig, opened);
    return opened;
  };
  const place = (file: string): Placed | null => {
    const opened = findProject(file, openOne);
    if (opened === null) return null;
    const program = opened.project.program();
    const source = program.getSourceFile(file);
    if (source === undefined) return null;
    return { checker: opened.checker, at: { program, root: opened.project.root, file: source } };
  };
  return {
    setText(file, text) {
      if (text === undefined) open.delete(file);
      else if (open.get(file)?.text !== text) open.set(file, { text, version: String(versions.next++) });
    },
    findings(file) {
      if (CONFIG_NAMES.includes(posix.basename(file)))
        return parseConfig(file, open.get(file)?.text ?? ts.sys.readFile(file) ?? "").problems;
      const placed = place(file);
      if (placed !== null) return placed.checker.findings(placed.at);
      const text = open.get(file)?.text ?? ts.sys.readFile(file);
      return text === undefined ? [] : checkAlone(file, text);
    },
    lowered(file) {
      const placed = place(file);
      return placed === null ? null : placed.checker.lowered(placed.at);
    },
    textOf: (file) => open.get(file)?.text ?? place(file)?.at.file.text ?? ts.sys.readFile(file),
    refresh() {
      for (const { project } of projects.values()) project.refresh();
    },
  };
}

interface Opened {
  readonly project: LiveProject;
  readonly checker: FileChecker;
}

interface Placed {
  readonly checker: FileChecker;
  readonly at: FileInProgram;
}

/** The nearest tsconfig upwards that has the file in it, or that refers to one that has. */
function findProject(file: string, open: (tsconfig: string) => Opened): Opened | null {
  for (let folder = posix.dirname(file); ; folder = posix.dirname(folder)) {
    const tsconfig = posix.join(folder, "tsconfig.json");
    if (existsSync(tsconfig)) {
      const tried = new Set([tsconfig]);
      for (const path of tried) {
        const opened = open(path);
        if (opened.project.holds(file)) return opened;
        for (const reference of opened.project.references) tried.add(reference);
      }
    }
    if (posix.dirname(folder) === folder) return null;
  }
}

/** Without a project there are no types: what syntax tells is said, and nothing is guessed. */
function checkAlone(file: string, text: string): readonly Diagnostic[] {
  const { program, diagnostics } = readText(text, file);
  // Broken syntax is the editor's own to show.
  if (diagnostics.some(({ code }) => code.startsWith("TS"))) return [];
  return checkProgram(program).findings;
}
