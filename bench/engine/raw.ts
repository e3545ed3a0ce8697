/**
 * The limit: what any engine has to write, through the bare database: a row for the execution, one for each step found by
 * execution and number, and the outcome. Settings and group commit as ours; no engine, no values, no promises.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Contender, Many, Shapes } from "./shapes.ts";

/** About the size of one StepSucceeded event of these benchmarks. */
export const ROW = "x".repeat(120);

interface Raw {
  /** One transaction: of `count` executions from number `first` on, the events `from` to `to`. Event 0 begins one. */
  commit(first: number, count: number, ...[from, to]: readonly [from: number, to: number]): void;
  /** One transaction: the same executions end. */
  end(first: number, count: number): void;
  close(): void;
}

function openRaw(folder: string): Raw {
  const db = new DatabaseSync(join(folder, `raw-${performance.now()}.db`));
  db.exec(`
    PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE executions (id INTEGER PRIMARY KEY, input TEXT, result TEXT);
    CREATE TABLE events (execution INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (execution, seq)) WITHOUT ROWID;
  `);
  const begin = db.prepare("BEGIN IMMEDIATE");
  const create = db.prepare("INSERT INTO executions (id, input) VALUES (?, ?)");
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?)");
  const update = db.prepare("UPDATE executions SET result = ? WHERE id = ?");
  const commit = db.prepare("COMMIT");
  return {
    commit(first, count, ...[from, to]) {
      begin.run();
      for (let id = first; id < first + count; id++) {
        if (from === 0) create.run(id, ROW);
        for (let seq = from; seq <= to; seq++) insert.run(id, seq, ROW);
      }
      commit.run();
    },
    end(first, count) {
      begin.run();
      for (let id = first; id < first + count; id++) update.run(ROW, id);
      commit.run();
    },
    close: () => db.close(),
  };
}

export function rawSqlite(folder: string): Contender {
  return {
    name: "raw SQLite",
    open(): Promise<Shapes> {
      const raw = openRaw(folder);
      let executions = 0;
      const time = (work: () => void): Promise<number> => {
        const start = performance.now();
        work();
        return Promise.resolve(performance.now() - start);
      };
      // What is ready together shares a transaction.
      const many = ({ executions: total, steps, atOnce }: Many): void => {
        for (let done = 0; done < total; done += atOnce) {
          const first = executions;
          executions += atOnce;
          for (let seq = 0; seq <= steps; seq++) raw.commit(first, atOnce, seq, seq);
          raw.end(first, atOnce);
        }
      };
      return Promise.resolve({
        sequential: (steps) => time(() => many({ executions: 1, steps, atOnce: 1 })),
        many: (shape) => time(() => many(shape)),
        single: () => time(() => many({ executions: 1, steps: 1, atOnce: 1 })),
        fanOut: (steps) =>
          time(() => {
            raw.commit(executions, 1, 0, 0);
            raw.commit(executions, 1, 1, steps);
            raw.end(executions++, 1);
          }),
        close: () => Promise.resolve(raw.close()),
      });
    },
  };
}
