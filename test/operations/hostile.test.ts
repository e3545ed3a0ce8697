import { describe, expect, it } from "vitest";
import { EncodeError } from "@durablec/runtime";
import type * as Hostile from "../../fixtures/operations/hostile.ts";
import { crash, engineOf, load, until } from "./fixture.ts";

const { hostile } = await load<typeof Hostile>("hostile");

describe("a value whose own code throws", () => {
  it("is the failure of its execution, and of no other", async () => {
    const engine = await engineOf({ functions: [hostile], lingerMs: 0 });
    const outcomeOf = async (kind: string): Promise<unknown> => {
      const { id } = await engine.start(hostile, kind);
      return engine.result(id).catch((error: unknown) => error);
    };
    expect(await outcomeOf("a thenable that throws is returned")).toEqual(new RangeError("do not look"));
    expect(await outcomeOf("a thenable that throws is awaited")).toEqual(new RangeError("do not look"));
    expect(await outcomeOf("a revoked proxy is a result")).toBeInstanceOf(EncodeError);
    expect(await outcomeOf("a revoked proxy is thrown")).toMatchObject({
      message: "what was thrown cannot be read",
    });
    // Its state is not written before the wait, and the code up to there runs again.
    expect(await outcomeOf("what cannot be written")).toBe("closed");
    expect(await outcomeOf("a plain one")).toBe("a plain one");
  });

  it("parks its execution when it cannot be read again, and the worker goes on", async () => {
    const parked: (string | null)[] = [];
    const options = {
      functions: [hostile],
      onError: (_: Error, id: string | null) => void parked.push(id),
    };
    const first = await engineOf(options);
    await first.start(hostile, "what cannot be read", { id: "sealed" });
    await until(() => parked.length > 0);
    expect((await first.get("sealed"))?.problem).toMatch(/load.*Sealed.*open cannot be loaded/);
    await first.resume("sealed");
    await until(() => parked.length > 1);
    await crash(first);
    const second = await engineOf(options);
    const { id } = await second.start(hostile, "a plain one");
    expect(await second.result(id)).toBe("a plain one");
    expect(new Set(parked)).toEqual(new Set(["sealed"]));
  });
});

it("an engine that is closed twice at once is closed when either says so", async () => {
  const engine = await engineOf({ functions: [hostile] });
  await Promise.all([crash(engine), engine.close({ drainMs: 10 }), engine.close({ drainMs: 1_000 })]);
  const next = await engineOf({ functions: [hostile] });
  expect(next.running).toBe(true);
});
