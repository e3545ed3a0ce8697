import { describe, expect, it } from "vitest";
import { ExecutionStoppedError } from "@durablec/runtime";
import type * as Stop from "../../fixtures/operations/stop.ts";
import { crash, engineOf, load, told, until, world } from "./fixture.ts";

const f = await load<typeof Stop>("stop");

describe("stopping an execution", () => {
  it("runs its finally blocks, with durable operations of their own, and closes its callbacks", async () => {
    const engine = await engineOf({ functions: [f.reserves], lingerMs: 0 });
    const { id } = await engine.start(f.reserves, null);
    await until(() => world.outside.has("answer"));
    await engine.stop(id, "not needed");
    await expect(engine.result(id)).rejects.toThrow(ExecutionStoppedError);
    expect(world.lines).toEqual(["reserve", "inner cleanup", "release"]);
    expect((await engine.get(id))?.status).toBe("STOPPED");
    const history = await engine.history(id);
    expect(history.map(({ kind }) => kind)).toContain("StopRequested");
    expect(told(history)).toContain("ContextFailed inner");
    await expect(engine.callbacks.succeed(world.outside.get("answer") as string, 1)).rejects.toThrow();
  });

  it("goes on stopping after a crash", async () => {
    const client = await engineOf({ functions: [f.reserves], worker: false });
    const first = await engineOf({ functions: [f.reserves] });
    const { id } = await first.start(f.reserves, null);
    await until(() => world.outside.has("answer"));
    await crash(first);
    await client.stop(id);
    await engineOf({ functions: [f.reserves] });
    await expect(client.result(id)).rejects.toThrow(ExecutionStoppedError);
    expect(world.lines).toEqual(["reserve", "inner cleanup", "release"]);
  });

  it("tells a body at work, and drops what it gives", async () => {
    const engine = await engineOf({ functions: [f.working] });
    const { id } = await engine.start(f.working, null);
    await until(() => world.lines.length > 0);
    await engine.stop(id);
    await expect(engine.result(id)).rejects.toThrow(ExecutionStoppedError);
    await until(() => world.lines.length === 2);
    expect(world.lines).toEqual(["working", "aborted: ExecutionStoppedError"]);
  });

  it("ends at once when it is asked a second time", async () => {
    const engine = await engineOf({ functions: [f.stubborn], lingerMs: 0 });
    const { id } = await engine.start(f.stubborn, null);
    await engine.stop(id);
    await until(() => world.lines.length > 0);
    await engine.stop(id);
    await expect(engine.result(id)).rejects.toThrow(ExecutionStoppedError);
  });
});
