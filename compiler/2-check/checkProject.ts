import { DEFAULT_CONFIG } from "../config.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { DurableProgram } from "../program.ts";
import { checkDeterminism } from "./checkDeterminism.ts";
import { checkDirectCalls } from "./checkDirectCalls.ts";
import { checkDirectives } from "./checkDirectives.ts";
import { checkFlow } from "./checkFlow.ts";
import { checkHelpers } from "./checkHelpers.ts";
import { checkImplicitSteps } from "./checkImplicitSteps.ts";
import { checkModuleState } from "./checkModuleState.ts";
import { checkPromises } from "./checkPromises.ts";
import { checkRefused } from "./checkRefused.ts";
import { checkResults } from "./checkResults.ts";
import { checkStepBodies } from "./checkStepBodies.ts";

/** Every check that needs no machine. `checkStorable` runs later: it asks which variables are live. */
export function checkProject(program: DurableProgram, config = DEFAULT_CONFIG): readonly Diagnostic[] {
  return [
    ...checkDirectives(program),
    ...checkRefused(program),
    ...checkDeterminism(program, config),
    ...checkImplicitSteps(program, config),
    ...checkModuleState(program),
    ...checkStepBodies(program),
    ...checkHelpers(program),
    ...checkFlow(program),
    ...checkDirectCalls(program),
    ...checkPromises(program),
    ...checkResults(program),
  ];
}
