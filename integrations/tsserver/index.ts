/**
 * `durablec/tsserver`: a plugin for TypeScript's language service. What `durablec lint` says shows among TypeScript's own
 * errors in every editor that runs its server, with the fixes.
 *
 * The server's program is asked where its TypeScript is of our version; else a project of ours reads the texts that the
 * server has open.
 */
import type ts from "typescript/lib/tsserverlibrary.js";
import type { Diagnostic } from "../../compiler/diagnostic.ts";
import { createFindings, type Findings } from "./findings.ts";
import { toCodeFixes, toTsCode, toTsDiagnostic } from "./toTs.ts";
import { CATALOGUE } from "../../compiler/diagnostics/catalogue.ts";

interface Modules {
  readonly typescript: typeof ts;
}

export function init({ typescript }: Modules): ts.server.PluginModule {
  return { create: (info) => decorate(info, typescript) };
}

const CODES: readonly number[] = Object.keys(CATALOGUE).map(toTsCode);

/** The service as it was, but for the three questions that concern findings. */
function decorate(info: ts.server.PluginCreateInfo, typescript: typeof ts): ts.LanguageService {
  const before = info.languageService;
  const findings = guard(createFindings(info, typescript), info);
  const added: Partial<ts.LanguageService> = {
    getSemanticDiagnostics(file) {
      const found = findings(file).map((finding) => toTsDiagnostic(finding, before.getProgram(), typescript));
      return [...before.getSemanticDiagnostics(file), ...found];
    },
    getCodeFixesAtPosition(...given) {
      const [file, start, end, codes] = given;
      const here = findings(file).filter(
        (finding) => finding.start <= end && start <= finding.end && codes.includes(toTsCode(finding.code)),
      );
      const rest = codes.filter((code) => !CODES.includes(code));
      const own = here.flatMap((finding) => toCodeFixes(finding));
      if (rest.length === 0) return own;
      given[3] = rest;
      return [...before.getCodeFixesAtPosition(...given), ...own];
    },
    // Editors ask for fixes only of codes that are in this list.
    getSupportedCodeFixes: (file) => [...before.getSupportedCodeFixes(file), ...CODES.map(String)],
  };
  return Object.assign(Object.create(before) as ts.LanguageService, added);
}

/** An exception of ours would take TypeScript's own answer with it. */
function guard(findings: Findings, { project }: ts.server.PluginCreateInfo): Findings {
  return (file) => {
    try {
      return findings(file);
    } catch (error) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      project.projectService.logger.info(
        `durablec could not check ${file}. This is a bug in durablec.\n${stack}`,
      );
      return [] as readonly Diagnostic[];
    }
  };
}
