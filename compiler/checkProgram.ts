/**
 * All findings of a program, or of some of its files: the one function behind every face (command line, ESLint,
 * language service, language server). It lowers, because what lives across a checkpoint shows only then, and emits
 * nothing.
 *
 * The findings of a file are the same whether it is asked for alone or with the others; `readProject`'s `only` is how a
 * face asks for one file.
 */
import { DEFAULT_CONFIG, type Config } from "./config.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { sortFindings } from "./diagnostics/sortFindings.ts";
import { toMachines, type LoweredModule } from "./index.ts";
import type { DurableProgram } from "./program.ts";
import { readConfig } from "./1-read/config/readConfig.ts";
import { addFixes } from "./2-check/addFixes.ts";
import { applySeverities } from "./2-check/applySeverities.ts";
import { checkProject } from "./2-check/checkProject.ts";
import { suppress } from "./2-check/suppress.ts";
import { checkStateSize } from "./3-lower/checkStateSize.ts";
import { checkStorable } from "./3-lower/checkStorable.ts";

export interface CheckedProgram {
  /** One for each module of the program. */
  readonly lowered: readonly LoweredModule[];
  /** By file and place. */
  readonly findings: readonly Diagnostic[];
}

/** `config`: the project's own, which is read from beside its tsconfig unless it is given. */
export function checkProgram(
  program: DurableProgram,
  config = program.program === null ? DEFAULT_CONFIG : readConfig(program.root).config,
): CheckedProgram {
  const { lowered, found } = findAll(program, config);
  return { lowered, findings: conclude(program, found, config) };
}

/** What the checks find in the durable functions of a program, before comments and the configuration have their say. */
export function findAll(
  program: DurableProgram,
  config: Config,
): { readonly lowered: readonly LoweredModule[]; readonly found: readonly Diagnostic[] } {
  const lowered = program.modules.map((module) => toMachines(module));
  // A module with errors has no output, and still its sound functions are looked at: one run finds as much as it can.
  const machines = lowered.flatMap((one) => one.machines);
  const found = sortFindings([
    ...checkProject(program, config),
    ...lowered.flatMap(({ diagnostics }) => diagnostics),
    ...checkStorable(program, machines),
    ...checkStateSize(program, machines),
  ]);
  return { lowered, found };
}

/** What is left to say of what was found, with its fixes. */
export function conclude(
  program: DurableProgram,
  found: readonly Diagnostic[],
  config: Config,
): readonly Diagnostic[] {
  const unanswered = sortFindings(applySeverities(suppress(program.files, found), config));
  return addFixes(program, unanswered);
}
