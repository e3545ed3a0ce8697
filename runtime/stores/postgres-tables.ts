import pg from "pg";
import { StoreError } from "../errors.ts";
import { PostgresConnection } from "./postgres-connection.ts";
import { POSTGRES_MIGRATIONS } from "./postgres-schema.ts";
import type { Row, Tables } from "../check/tables.ts";

/** A store in PostgreSQL, to be read and with `mayWrite` to be changed. Throws a `StoreError` if it is not there, or of another version. */
export async function openPostgresTables(address: string, mayWrite: boolean): Promise<Tables> {
  const schema = (URL.canParse(address) ? new URL(address).searchParams.get("schema") : null) ?? "durablec";
  const access = `-c default_transaction_read_only=${mayWrite ? "off" : "on"}`;
  const config = { connectionString: address, max: 1, options: access };
  const connection = new PostgresConnection(config, schema);
  const query = async (text: string, values: readonly (string | number)[] = []): Promise<readonly Row[]> =>
    connection.query({ name: "", text }, values);
  try {
    const [found] = await query("SELECT to_regclass($1) IS NOT NULL AS found", [
      `${pg.escapeIdentifier(schema)}.version`,
    ]);
    const known = POSTGRES_MIGRATIONS.at(-1)!.number;
    const version =
      found?.found === true
        ? (await query(`SELECT number FROM ${connection.schema}.version`))[0]?.number
        : null;
    if (version !== known) {
      throw new StoreError(
        version === null
          ? `There is no store at ${connection.name}.`
          : `The store ${connection.name} has schema ${String(version)}, and this version of durablec checks ${known}.`,
      );
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
  return {
    name: connection.name,
    prefix: `${connection.schema}.`,
    query,
    async change(sql, all) {
      let changed = 0;
      for (const values of all) changed += (await query(`${sql} RETURNING 1`, values)).length;
      return changed;
    },
    // PostgreSQL has its own tools: data checksums, and the extension amcheck.
    ownFindings: async () => [],
    close: () => connection.close(),
  };
}
