import { describe, expect, it } from "vitest";
import { ExecutionStoppedError } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import type * as Invoke from "../../fixtures/operations/invoke.ts";
import { crash, engineOf, everywhere, load, told, until, world } from "./fixture.ts";

const f = await load<typeof Invoke>("invoke");
const functions = Object.values(f).filter((value) => value !== f.NoStock);
const options = {
  functions,
  plain: { shout: async ({ text }: { readonly text: string }) => text.toUpperCase() },
  lingerMs: 0,
};

describe("invoke", () => {
  it("runs another function as an execution of its own, and gives its result", async () => {
    expect(await everywhere(f.parent, 3, options)).toBe("6 12 14");
    const engine = await engineOf(options);
    const { id } = await engine.start(f.parent, 5);
    expect(await engine.result(id)).toBe("10 20 22");
    const history = await engine.history(id);
    expect(told(history).slice(0, 4)).toEqual([
      "InvokeStarted first",
      "InvokeSucceeded first",
      "InvokeStarted",
      "InvokeStarted",
    ]);
    const children = await engine.list({ parent: id });
    expect(children.map(({ function: name, status }) => `${name} ${status}`)).toEqual(
      Array.from({ length: 3 }, () => "invoke.ts#double SUCCEEDED"),
    );
    expect(history[1]).toMatchObject({ child: children[2]?.id, function: "invoke.ts#double" });
    expect(children[0]?.parent).toBe(id);
  });

  it("finds durable functions and plain ones by name", async () => {
    expect(await everywhere(f.byName, "hello", options)).toBe("8 HELLO");
  });

  it("throws InvokeError, whose cause is the error of the other execution", async () => {
    const message = 'The invoked function "dear" failed: no lamp 101';
    expect(await everywhere(f.fails, undefined, options)).toBe(`InvokeError ${message} lamp 101`);
    expect(await everywhere(f.unknownFunction, undefined, options)).toBe("InvokeError UnknownFunctionError");
  });

  it("works in contexts, in batches and through many levels", async () => {
    expect(await everywhere(f.context, 9, options)).toBe("18 2 4 6");
    expect(await everywhere(f.deep, 12, options)).toBe(12);
  });

  it("gives input and result forms of their own", async () => {
    expect(await everywhere(f.serialized, "hi", options)).toBe('"echo HI" as text');
  });

  it("goes on after a crash, while the other one runs and when it has ended", async () => {
    for (const isEnded of [false, true]) {
      const first = await engineOf(options);
      const { id } = await first.start(f.stopped as DurableFunction<undefined>, undefined);
      await until(() => world.outside.has("answer"));
      await crash(first);
      const client = await engineOf({ ...options, worker: false });
      if (isEnded) await client.callbacks.succeed(world.outside.get("answer") as string, "yes");
      const second = await engineOf(options);
      if (!isEnded) await second.callbacks.succeed(world.outside.get("answer") as string, "yes");
      expect(await second.result(id)).toBe("yes");
      await crash(client);
      await crash(second);
      world.outside.clear();
    }
  });

  it("stops the other one when this one is stopped, and each cleans up", async () => {
    const engine = await engineOf(options);
    const { id } = await engine.start(f.stopped as DurableFunction<undefined>, undefined);
    await until(() => world.outside.has("answer"));
    await engine.stop(id, "enough");
    await expect(engine.result(id)).rejects.toThrow(ExecutionStoppedError);
    const [child] = await engine.list({ parent: id });
    await expect(engine.result(child?.id ?? "")).rejects.toThrow(/which invoked it, was stopped/);
    expect([...world.lines].sort()).toEqual(["child cleaned up", "parent cleaned up"]);
  });

  it("without an execution, calls the function", async () => {
    const direct = f.parent as (input: number) => Promise<string>;
    expect(await direct(2)).toBe("4 8 10");
  });
});
