import { createHash, randomUUID } from "node:crypto";
import pg from "pg";
import type { PostgresConnection, Statement } from "./postgres-connection.ts";

/** Without news for so long, it is assumed that there were some: a notification may be lost with its connection. */
const FALLBACK_MS = 2_000;
const RECONNECT_MS = 1_000;

/**
 * Tells the other processes that something was written, and counts what they tell.
 *
 * Told after the commit, and not waited for: a NOTIFY inside it makes all commits of the database that have one wait
 * for each other, the disk included. What is lost when a process dies between is found by looking anyway.
 */
export class PostgresNews {
  private readonly connection: PostgresConnection;
  private readonly channel: string;
  /** So that nobody hears himself. */
  private readonly self = randomUUID();
  private readonly listeners = new Set<() => void>();
  private count = 0;
  private countedAt = performance.now();
  private client: pg.Client | null = null;
  private reconnect: NodeJS.Timeout | undefined;
  private telling: Promise<void> | null = null;
  private untold = false;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
    const hash = createHash("sha256").update(connection.schema).digest("hex").slice(0, 16);
    this.channel = `durablec_${hash}`;
  }

  /** Resolves when news are heard; where that fails, there is the fallback. */
  async listen(): Promise<void> {
    const client = new pg.Client(this.connection.config);
    const lost = (): void => {
      if (this.client !== client) return;
      this.client = null;
      this.listenAgain();
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ payload }) => {
      if (payload !== this.self) this.heard();
    });
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
      // Anything may have happened before.
      this.change();
    } catch {
      lost();
      await client.end().catch(() => undefined);
    }
  }

  private listenAgain(): void {
    this.change();
    if (!this.connection.isOpen) return;
    clearTimeout(this.reconnect);
    this.reconnect = setTimeout(() => void this.listen(), RECONNECT_MS).unref();
  }

  /** For a transaction of somebody else: heard when it commits, by this process too. */
  get announcement(): Statement {
    return { name: "", text: `SELECT pg_notify('${this.channel}', 'enqueued')` };
  }

  /** At most one is under way, and one more follows: a thousand writes in the meantime are one piece of news. */
  tell(): void {
    this.untold = true;
    this.telling ??= this.tellAll().finally(() => (this.telling = null));
  }

  private async tellAll(): Promise<void> {
    while (this.untold && this.connection.isOpen) {
      this.untold = false;
      try {
        // A notification is not worth a wait for the disk, during which all others of the database wait for it.
        const text = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";
        const statement = { name: "tell", text };
        await this.connection.query(statement, [this.channel, this.self]);
      } catch {
        // The write itself is there; others find it when they look.
      }
    }
  }

  get version(): number {
    if (this.client === null || performance.now() - this.countedAt > FALLBACK_MS) this.change();
    return this.count;
  }

  /** Returns how to stop it. Told of what is heard, not of what is only assumed. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private heard(): void {
    this.change();
    for (const listener of this.listeners) listener();
  }

  private change(): void {
    this.count++;
    this.countedAt = performance.now();
  }

  async close(): Promise<void> {
    const client = this.client;
    this.client = null;
    clearTimeout(this.reconnect);
    await this.telling;
    await client?.end().catch(() => undefined);
  }
}
