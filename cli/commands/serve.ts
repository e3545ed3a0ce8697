import type { AnsweredRequest } from "@durablec/runtime/http";
import { EXIT, Trouble, type ExitCode } from "../exit.ts";
import type { Cli, Face } from "../face.ts";
import { toJson } from "../format/value.ts";
import type { Io } from "../io.ts";
import { listen } from "../listen.ts";
import { findModules } from "../modules.ts";
import { queuesOption } from "../queues.ts";
import { storeOptions } from "../runtime.ts";
import { drainOption, openService, type Service, type ServiceArgs } from "../service.ts";
import { readToken, tokenOptions, type TokenArgs } from "../token.ts";

interface ServeArgs extends ServiceArgs, TokenArgs {
  readonly host: string;
  readonly port: number;
  readonly functions?: readonly string[] | undefined;
}

/** Requests under way have so long to be answered; those that wait are answered at once. */
const GRACE_MS = 5_000;

/** `durablec serve`: the store behind HTTP, until it is told to stop. */
export function addServe(cli: Cli, face: Face): Cli {
  return cli.command(
    "serve",
    "Answer HTTP requests: start, wait, signal, settle, look",
    (one) =>
      one
        .option("host", { type: "string", default: "127.0.0.1", describe: "Address to listen on" })
        .option("port", { type: "number", default: 8787, describe: "Port; 0 takes a free one" })
        .options(tokenOptions)
        .option("functions", {
          type: "string",
          array: true,
          describe: "Build whose functions run in this process too; else a worker has to",
        })
        .option("drain", drainOption)
        .option("queues", queuesOption)
        .options(storeOptions),
    (args) => face.run(args, () => serve(args, face.io)),
  );
}

async function serve(args: ServeArgs, io: Io): Promise<ExitCode> {
  const { createHttp, isLoopback } = await loadHttp();
  const { host, port } = args;
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535)
    throw new Trouble(`--port must be a number from 0 to 65535, not ${port}.`, "8787 is the default.");
  if (!args.token && !isLoopback(host))
    throw new Trouble(
      `Without a token, ${host} would answer everybody who can reach it.`,
      "Give a token (--token-file, DURABLEC_TOKEN), or listen on 127.0.0.1.",
    );
  const token = readToken(args, io);
  const service = await openService(args, io, findModules(args.functions ?? [], io));
  const closing = new AbortController();
  try {
    const answer = createHttp(service.engine, {
      token,
      closing: closing.signal,
      onAnswer: (request) => service.log(toEntry(request)),
      onError: (error) => io.err(`a request failed: ${error.stack ?? error.message}`),
    });
    const listening = await listen(answer, { host, port });
    io.err(`serving ${service.engine.storeName} on ${listening.url}; Ctrl-C ends it`);
    try {
      await service.stopped();
    } finally {
      closing.abort();
      await listening.close(GRACE_MS);
    }
    if (args.json) io.out(toJson({ url: listening.url, endedBy: io.stopped.reason }));
  } finally {
    await service.close();
  }
  return EXIT.ok;
}

async function loadHttp(): Promise<typeof import("@durablec/runtime/http")> {
  try {
    return await import("@durablec/runtime/http");
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("'hono'"))) throw error;
    throw new Trouble("durablec serve needs the package hono beside @durablec/runtime.", "npm install hono");
  }
}

/** The route, never the address: ids of callbacks are as good as passwords. */
function toEntry({ method, route, status, durationMs }: AnsweredRequest): Parameters<Service["log"]>[0] {
  const fields = { method, route, status, durationMs };
  const level = status >= 500 ? "error" : "info";
  return { level, time: Date.now(), message: `${method} ${route}`, event: "http.answered", fields };
}
