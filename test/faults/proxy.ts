/** Between workers and their server: cuts each connection off after so many bytes, in the middle of a message mostly. */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { once } from "node:events";

export interface Proxy {
  readonly url: string;
  /** Connections that were cut off. */
  readonly cuts: number;
  close(): void;
}

/**
 * Bytes after which one is cut. Opening a store takes about 5,000, a commit of 150 executions with their states 150,000: what
 * never fits is never done.
 */
const BYTES_MIN = 6_000;
const BYTES_MAX = 600_000;
/** For so long the server does not notice, and goes on with what it was asked for. */
const UNNOTICED_MS = 200;

export async function startProxy(server: string): Promise<Proxy> {
  const target = new URL(server);
  const open = new Set<Socket>();
  let cuts = 0;
  const proxy = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      // Each end hears of it by what the other does.
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    let left = BYTES_MIN + Math.random() * (BYTES_MAX - BYTES_MIN);
    const cut = (): void => {
      cuts++;
      client.destroy();
      setTimeout(() => upstream.destroy(), Math.random() * UNNOTICED_MS);
    };
    const pass = (from: Socket, to: Socket): void => {
      from.on("data", (bytes) => {
        if (left <= 0) return;
        to.write(bytes.subarray(0, Math.ceil(left)));
        left -= bytes.length;
        if (left <= 0) cut();
      });
      from.on("end", () => left > 0 && to.end());
    };
    pass(client, upstream);
    pass(upstream, client);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(server);
  url.port = String((proxy.address() as AddressInfo).port);
  return {
    url: url.href,
    get cuts() {
      return cuts;
    },
    close: () => {
      proxy.close();
      for (const socket of open) socket.destroy();
    },
  };
}
