import { createHash, randomUUID } from "node:crypto";
import pg from "pg";
import { fromText, type News, toTexts } from "./news.ts";
import type { PostgresConnection, Statement } from "./postgres-connection.ts";

/** Without news for so long, it is assumed that there were some: a notification may be lost with its connection. */
const FALLBACK_MS = 2_000;
const RECONNECT_MS = 1_000;
/** How often each process says that it listens, and after how many times without a word nobody else is there. */
const HERE_MS = 10_000;
const SILENCES = 3;
/** Who is there answers a newcomer within this time. */
const ANSWER_MS = 2_000;

/**
 * Tells the other processes what was written, and counts what they tell.
 *
 * Told after the commit, and not waited for: a NOTIFY inside it makes all commits of the database that have one wait
 * for each other, the disk included. What is lost when a process dies between is found by looking anyway. Who is alone
 * tells nothing: it costs the server half as much as the commit itself.
 */
export class PostgresNews {
  private readonly connection: PostgresConnection;
  private readonly channel: string;
  /** So that nobody hears himself. */
  private readonly self = randomUUID();
  private readonly listeners = new Set<(news: News) => void>();
  private count = 0;
  private countedAt = performance.now();
  private client: pg.Client | null = null;
  private reconnect: NodeJS.Timeout | undefined;
  private saying: NodeJS.Timeout | undefined;
  private othersUntil = Infinity;
  private telling: Promise<void> | null = null;
  private untold = { look: false, here: false, called: new Set<string>(), ended: new Set<string>() };

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
      // Who comes now is not heard.
      this.othersUntil = Infinity;
      this.listenAgain();
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", ({ payload = "" }) => this.heard(payload));
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${this.channel}`);
      this.othersUntil = performance.now() + ANSWER_MS;
      this.saying ??= setInterval(() => this.sayHere(), HERE_MS).unref();
      await client.query("SELECT pg_notify($1, $2)", [this.channel, `${this.self} ${HELLO}`]);
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

  /**
   * These were left messages, those have ended, or anything. At most one is under way, and one more follows: a thousand writes
   * in the meantime are one piece of news.
   */
  tell({
    look = false,
    called = [],
    ended = [],
  }: Partial<Record<"called" | "ended", readonly string[]>> & { readonly look?: boolean }): void {
    if (performance.now() > this.othersUntil) return;
    this.untold.look ||= look;
    for (const id of called) this.untold.called.add(id);
    for (const id of ended) this.untold.ended.add(id);
    this.tellSoon();
  }

  private sayHere(): void {
    this.untold.here = true;
    this.tellSoon();
  }

  private tellSoon(): void {
    this.telling ??= this.tellAll().finally(() => (this.telling = null));
  }

  private async tellAll(): Promise<void> {
    for (;;) {
      const { look, here, called, ended } = this.untold;
      if (!this.connection.isOpen || (!look && !here && called.size + ended.size === 0)) return;
      this.untold = { look: false, here: false, called: new Set(), ended: new Set() };
      try {
        const holders = called.size === 0 ? [] : await this.findHolders([...called]);
        const texts = toTexts(this.self, { look, called: holders, ended: [...ended] });
        await this.send(texts.length === 0 ? [`${this.self} ${HERE}`] : texts);
      } catch {
        // The write itself is there; others find it when they look.
      }
    }
  }

  /** Who has ended meanwhile needs no message. */
  private async findHolders(ids: readonly string[]): Promise<News["called"]> {
    const text = `SELECT id, coalesce(worker, 0) AS worker FROM ${this.connection.schema}.executions
      WHERE id = ANY ($1) AND status = 'RUNNING'`;
    const rows = await this.connection.query({ name: "holders", text }, [ids]);
    return rows.map(({ id, worker }) => [id as string, worker as number]);
  }

  private async send(texts: readonly string[]): Promise<void> {
    // A notification is not worth a wait for the disk, during which all others of the database wait for it.
    const text =
      "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, t) FROM unnest($2::text[]) AS t";
    await this.connection.query({ name: "tell", text }, [this.channel, texts]);
  }

  get version(): number {
    if (this.client === null || performance.now() - this.countedAt > FALLBACK_MS) this.change();
    return this.count;
  }

  /** Returns how to stop it. Told of what is heard, not of what is only assumed. */
  onChange(listener: (news: News) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private heard(text: string): void {
    const [from, word] = text.split(" ", 2);
    if (from === this.self) return;
    if (this.client !== null && word !== undefined) this.othersUntil = performance.now() + SILENCES * HERE_MS;
    if (word === HELLO) this.sayHere();
    if (word === HELLO || word === HERE) return;
    const { news } = fromText(text);
    // Who asks for the version alone is not told what it was.
    if (news.look || this.listeners.size === 0) this.change();
    for (const listener of this.listeners) listener(news);
  }

  private change(): void {
    this.count++;
    this.countedAt = performance.now();
  }

  async close(): Promise<void> {
    const client = this.client;
    this.client = null;
    clearTimeout(this.reconnect);
    clearInterval(this.saying);
    await this.telling;
    await client?.end().catch(() => undefined);
  }
}

const HELLO = "hello";
const HERE = "here";
