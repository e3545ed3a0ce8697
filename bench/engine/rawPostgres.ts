/** The same limit on PostgreSQL: one statement a transaction, prepared, on one connection; several rows as arrays. */
import pg from "pg";
import { timed } from "../measure.ts";
import { ROW } from "./raw.ts";
import type { Contender, Many } from "./shapes.ts";

export function rawPostgres(url: string): Contender {
  return {
    name: "raw PostgreSQL",
    async open() {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const table = `raw${Math.trunc(performance.now() * 1_000)}`;
      await client.query(`
        CREATE TABLE ${table}_executions (id bigint PRIMARY KEY, input text, result text);
        CREATE TABLE ${table}_events (execution bigint, seq integer, body text, PRIMARY KEY (execution, seq))`);
      const begin = {
        name: "begin",
        text: `WITH made AS (INSERT INTO ${table}_executions (id, input) SELECT id, $2 FROM unnest($1::bigint[]) id)
          INSERT INTO ${table}_events SELECT id, 0, $2 FROM unnest($1::bigint[]) id`,
      };
      const insert = {
        name: "insert",
        text: `INSERT INTO ${table}_events SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[])`,
      };
      const finish = {
        name: "finish",
        text: `UPDATE ${table}_executions SET result = $2 WHERE id = ANY ($1::bigint[])`,
      };
      let executions = 0;
      const write = (ids: readonly number[], seqs: readonly number[]): Promise<unknown> =>
        client.query({ ...insert, values: [ids, seqs, ids.map(() => ROW)] });
      const many = async ({ executions: total, steps, atOnce }: Many): Promise<void> => {
        for (let done = 0; done < total; done += atOnce) {
          const ids = Array.from({ length: atOnce }, () => executions++);
          await client.query({ ...begin, values: [ids, ROW] });
          for (let seq = 1; seq <= steps; seq++)
            await write(
              ids,
              ids.map(() => seq),
            );
          await client.query({ ...finish, values: [ids, ROW] });
        }
      };
      const wide = async (steps: number): Promise<void> => {
        const id = executions++;
        await client.query({ ...begin, values: [[id], ROW] });
        const seqs = Array.from({ length: steps }, (_, i) => i + 1);
        await write(
          seqs.map(() => id),
          seqs,
        );
        await client.query({ ...finish, values: [[id], ROW] });
      };
      return {
        sequential: (steps) => timed(() => many({ executions: 1, steps, atOnce: 1 })),
        many: (shape) => timed(() => many(shape)),
        single: () => timed(() => many({ executions: 1, steps: 1, atOnce: 1 })),
        fanOut: (steps) => timed(() => wide(steps)),
        close: () => client.end(),
      };
    },
  };
}
