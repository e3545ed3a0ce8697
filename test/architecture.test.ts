import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@durablec/runtime";
import type { DurableFunction } from "@durablec/runtime";
import { expect, test } from "vitest";
import { runIn } from "./cli/fakeIo.ts";
import { compileFixture } from "./support/compileFixture.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
const FULFIL = "fixtures/quickstart/src/fulfil.ts#fulfil";

/** The code block after a marker. */
function block(marker: string): string {
  const [, text] = new RegExp(`<!-- ${marker} -->\\n\\n\`\`\`\\w*\\n([\\s\\S]*?)\\n\`\`\``).exec(page) ?? [];
  expect(text, marker).toBeDefined();
  return text as string;
}

test("the architecture page shows the quickstart's function as it is", () => {
  expect(block("source")).toBe(readFileSync(join(root, FULFIL.split("#")[0] as string), "utf8").trim());
});

test.each(["read", "liveness", "emit"])("it shows what pass %s makes of it", async (pass) => {
  const shown = await runIn({ cwd: root }, "show", FULFIL, "--pass", pass);
  expect(shown.exit).toBe(0);
  expect(shown.out).toContain(block(pass));
});

test("it shows the state that is written when the function goes to sleep", async () => {
  const folder = mkdtempSync(join(tmpdir(), "durablec-architecture-"));
  const ledger = process.env["LEDGER"];
  try {
    process.env["LEDGER"] = join(folder, "ledger.jsonl");
    process.env["LEDGER_PACE_MS"] = "0";
    const { fulfil } = (await import(join(await compileFixture("fixtures/quickstart"), "fulfil.js"))) as {
      fulfil: DurableFunction<unknown>;
    };
    const store = join(folder, "durable.db");
    const engine = await open({ store, functions: [fulfil] });
    const order = JSON.parse(readFileSync(join(root, "fixtures/quickstart/order.json"), "utf8")) as unknown;
    const { id } = await engine.start(fulfil, order);
    while (!(await engine.history(id)).some(({ kind }) => kind === "WaitStarted")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await engine.close();
    const db = new DatabaseSync(store);
    const { body } = db.prepare("SELECT body FROM snapshots").get() as { body: string };
    db.close();
    expect(mask(body.replace(/^~1/, ""))).toEqual(mask(block("snapshot")));
  } finally {
    process.env["LEDGER"] = ledger;
    rmSync(folder, { recursive: true });
  }
});

/** Times, seeds, payment numbers and the hash differ from run to run, or from build to build. */
function mask(json: string): unknown {
  const masked = json
    .replace(/\b1[78]\d{11}\b/g, "0")
    .replace(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"seed"')
    .replace(/"payment-[0-9a-f]+"/g, '"payment"')
    .replace(/"hash": ?"[0-9a-f]{16}"/g, '"hash":""');
  return JSON.parse(masked);
}
