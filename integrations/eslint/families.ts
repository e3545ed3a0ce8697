/** The rules: one a family of the catalogue, so that a team can turn a family off. */
import { CATALOGUE } from "../../compiler/diagnostics/catalogue.ts";

export const FAMILIES = {
  directives:
    "Directives that do not mean what their author thinks, and syntax that durable code cannot have",
  determinism: "Clock, randomness, environment and I/O outside steps, through any number of calls",
  promises: "Durable work that nobody waits for, or that nothing records",
  storability: "Variables and results that cannot be stored at a checkpoint",
  deploys: "Changes that executions in flight could not go on with",
  setup: "The project's own settings",
} as const;

export type Family = keyof typeof FAMILIES;

/** Of the codes that begin with it; the longest beginning decides. */
const BEGINNINGS: Readonly<Record<string, Family>> = {
  DC1: "directives",
  DC2: "determinism",
  DC21: "promises",
  DC3: "storability",
  DC4: "deploys",
  DC5: "setup",
};

/** TypeScript's own errors (`TS1005`) have no family: its own tools show them. */
export function toFamily(code: string): Family | null {
  return BEGINNINGS[code.slice(0, 4)] ?? BEGINNINGS[code.slice(0, 3)] ?? null;
}

export function codesOf(family: Family): readonly string[] {
  return Object.keys(CATALOGUE).filter((code) => toFamily(code) === family);
}
