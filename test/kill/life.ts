/**
 * One life of the quickstart's shop, run as a program of its own: `node life.ts STORE ORDER MODULE KILL`. KILL is
 * `never`, or `before:3` / `after:3`: SIGKILL to itself before or after its third commit. From inside, because only
 * there is a commit a place in time that can be hit exactly.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import {
  CallbackSettledError,
  open,
  openSqliteStore,
  type DurableFunction,
  type Engine,
  type Store,
} from "@durablec/runtime";
import { openPostgresStore } from "@durablec/runtime/postgres";
import { readLedger } from "../../fixtures/quickstart/src/ledger.ts";
import type { Order } from "../../fixtures/quickstart/src/order.ts";

const [storePath = "", orderPath = "", modulePath = "", kill = "never"] = process.argv.slice(2);
const order = JSON.parse(readFileSync(orderPath, "utf8")) as Order;
const { fulfil } = (await import(pathToFileURL(modulePath).href)) as {
  readonly fulfil: DurableFunction<Order>;
};

const store = storePath.startsWith("postgres:")
  ? await openPostgresStore(storePath)
  : openSqliteStore(storePath);
const engine = await open({ store: killing(store, kill), functions: [fulfil] });
const { id } = await engine.start(fulfil, order, { id: order.id });
const manager = setInterval(() => void approve(engine), 5);
try {
  process.stdout.write(JSON.stringify(await engine.result(id)));
} finally {
  clearInterval(manager);
  await engine.close();
}

/** The manager says yes to whatever they are asked, as often as they are asked. */
async function approve(shop: Engine): Promise<void> {
  const asked = readLedger().filter(({ service, what }) => service === "askManager" && what === "finished");
  for (const { about } of asked) {
    await shop.callbacks.succeed(about, true).catch((error: unknown) => {
      if (!(error instanceof CallbackSettledError)) throw error;
    });
  }
}

function killing(store: Store, point: string): Store {
  const [when, number] = point.split(":");
  const commits = { made: 0 };
  const die = () => process.kill(process.pid, "SIGKILL");
  const commit: Store["commit"] = async (epoch, batch) => {
    // A commit that says only when to look again, or nothing, is no progress.
    if (batch.some(({ events }) => events.length > 0)) commits.made += 1;
    const isLast = commits.made === Number(number);
    if (isLast && when === "before") die();
    const lost = await store.commit(epoch, batch);
    if (isLast && when === "after") die();
    return lost;
  };
  return new Proxy(store, {
    get(target, key) {
      if (key === "commit") return commit;
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
