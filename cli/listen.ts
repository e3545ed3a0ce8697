import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Trouble } from "./exit.ts";

export interface Listening {
  /** `http://127.0.0.1:8787` */
  readonly url: string;
  /** Takes no more requests; those under way have `graceMs` to be answered. */
  close(graceMs: number): Promise<void>;
}

/** How long a client may take to send what it asks. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const CONNECTIONS_MAX = 10_000;
const IDLE_MS = 20;

export async function listen(
  answer: (request: Request) => Promise<Response>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  // The code that runs in this process keeps the platform's own `Request` and `Response`.
  const listener = getRequestListener(answer, { overrideGlobalObjects: false });
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    (incoming, outgoing) => {
      void listener(incoming, outgoing);
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new Trouble(
          `Nothing can listen on ${host}:${port}: ${error.message}.`,
          "Name another port with --port.",
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`,
    close: (graceMs) =>
      new Promise((resolve) => {
        const late = setTimeout(() => server.closeAllConnections(), graceMs);
        // Clients keep connections open that have been answered.
        const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS);
        server.close(() => {
          clearTimeout(late);
          clearInterval(idle);
          resolve();
        });
      }),
  };
}
