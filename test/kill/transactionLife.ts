/**
 * One life of a worker whose steps are transactions: `node transactionLife.ts STORE MODULE COUNT KILL`. KILL is `never`, or
 * where the signal comes (SIGKILL, or SIGSTOP for `stop`), and at which of them: `body:3` after the third body has written, `commit:3` just before its COMMIT,
 * `stop:3` there too, `recorded:3` just after the COMMIT, `event:3` before the engine's third commit, `told:3` after that.
 */
import { pathToFileURL } from "node:url";
import { open, openSqliteStore, type DurableFunction, type Store } from "@durablec/runtime";
import { openPostgresStore } from "@durablec/runtime/postgres";

const [address = "", modulePath = "", count = "", kill = "never"] = process.argv.slice(2);
const { paysMany } = (await import(pathToFileURL(modulePath).href)) as {
  readonly paysMany: DurableFunction<number>;
};
const [place, number] = kill.split(":");
const seen = new Map<string, number>();

const opened = address.startsWith("postgres:") ? await openPostgresStore(address) : openSqliteStore(address);
const engine = await open({ store: killing(opened), functions: [paysMany] });
await engine.start(paysMany, Number(count), { id: "many" });
process.stdout.write(String(await engine.result("many")));
await engine.close();

function pass(at: string): void {
  seen.set(at, (seen.get(at) ?? 0) + 1);
  if (at === place && seen.get(at) === Number(number))
    process.kill(process.pid, at === "stop" ? "SIGSTOP" : "SIGKILL");
}

function killing(store: Store): Store {
  const inner = store.transactions;
  if (inner === undefined) throw new Error("The store has no transactions.");
  const run: typeof inner.run = async (transacting) => {
    const body = async (client: unknown): Promise<string> => {
      const text = await transacting.body(client);
      pass("body");
      pass("stop");
      return text;
    };
    const committing = (): void => {
      transacting.committing();
      // Anywhere in what follows: the record, the COMMIT, the answer of the server.
      setTimeout(() => pass("commit"), Math.random() * 4);
    };
    const done = await inner.run({ ...transacting, body, committing });
    pass("recorded");
    return done;
  };
  const commit: Store["commit"] = async (epoch, batch) => {
    const isProgress = batch.some(({ events }) => events.length > 0);
    if (isProgress) pass("event");
    const lost = await store.commit(epoch, batch);
    if (isProgress) pass("told");
    return lost;
  };
  return new Proxy(store, {
    get(target, key) {
      if (key === "transactions") return { ...inner, run };
      if (key === "commit") return commit;
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
