import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, openSqliteStore } from "@durablec/runtime";
import type { Engine, Store } from "@durablec/runtime";
import { afterEach, expect, test, vi } from "vitest";
import type * as Functions from "../../fixtures/front/functions.ts";
import { transformFixture } from "../support/transformFixture.ts";

const module = transformFixture("fixtures/front/functions.ts");
const folder = mkdtempSync(join(tmpdir(), "durablec-news-"));
const engines: Engine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  rmSync(folder, { recursive: true });
});

test("a message that comes while its execution is being brought back is not overlooked", async () => {
  const functions = (await import(module)) as typeof Functions;
  const file = join(folder, "news.db");
  const inner = openSqliteStore(file);
  const gate = Promise.withResolvers<void>();
  const calls = { taken: 0 };
  const store: Store = {
    ...inner,
    async claim(epoch, wanted) {
      const claimed = await inner.claim(epoch, wanted);
      if (claimed.executions.length === 0) return claimed;
      calls.taken++;
      await gate.promise;
      return claimed;
    },
  };
  const worker = await open({ store, functions: { ...functions } });
  const client = await open({ store: file, functions: { ...functions }, worker: false });
  engines.push(client, worker);
  const { id } = await client.start(functions.mailbox, 1);
  await vi.waitUntil(() => calls.taken > 0, 5_000);
  await client.signal(id, "letter", "hello");
  gate.resolve();
  expect(await client.result(id, { signal: AbortSignal.timeout(10_000) })).toEqual(["hello"]);
});
