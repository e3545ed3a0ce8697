/** `fixtures/engine`, compiled: its durable functions, and what they touch outside. */
import { join } from "node:path";
import type * as Functions from "../../fixtures/engine/functions.ts";
import type * as World from "../../fixtures/engine/world.ts";
import { compileFixture } from "./compileFixture.ts";

export interface EngineFixture {
  readonly f: typeof Functions;
  readonly world: typeof World;
}

export async function loadEngineFixture(): Promise<EngineFixture> {
  const compiled = await compileFixture("fixtures/engine");
  return {
    f: (await import(join(compiled, "functions.js"))) as typeof Functions,
    world: (await import(join(compiled, "world.js"))) as typeof World,
  };
}
