/** What a project says about itself in `durablec.config.*`, beside its tsconfig. */
import type { Diagnostic } from "./diagnostic.ts";

/**
 * Names are `module#export` (`uuid#v4`, `./src/clock.ts#read`, `node:fs#readFileSync`) or, for globals, as they are
 * written (`Date.now`, `process.env`).
 */
export interface Config {
  /** Never reported, whatever they do. */
  readonly pure: ReadonlySet<string>;
  /** Reported outside steps (DC208). */
  readonly impure: ReadonlySet<string>;
  /** May stand as steps of their own where steps have to be explicit. */
  readonly step: ReadonlySet<string>;
  /** By code. Codes that say that something cannot be compiled (DC1xx) have no choice. */
  readonly severity: ReadonlyMap<string, Diagnostic["severity"] | "off">;
  /** True makes every implicit step an error (DC217). */
  readonly explicitSteps: boolean;
}

export const DEFAULT_CONFIG: Config = {
  pure: new Set(),
  impure: new Set(),
  step: new Set(),
  severity: new Map(),
  explicitSteps: false,
};
