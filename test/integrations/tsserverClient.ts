/** An editor as far as TypeScript's server can tell: spawned, with `durablec/tsserver` loaded, asked by its own protocol. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

export interface TsServer {
  notify(command: string, given: object): void;
  request<Body>(command: string, given: object): Promise<Body>;
  stop(): Promise<void>;
}

interface Response {
  readonly type: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

/**
 * `probe`: the folder whose `node_modules` has durablec, as an editor's setting would say. `script`: the server, by default
 * of our own TypeScript.
 */
export function startTsServer(
  probe: string,
  script = createRequire(import.meta.url).resolve("typescript/lib/tsserver.js"),
): TsServer {
  const plugins = ["--globalPlugins", "durablec/tsserver", "--pluginProbeLocations", probe];
  const server = spawn(process.execPath, [script, "--disableAutomaticTypingAcquisition", ...plugins], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, (response: Response) => void>();
  const state = { next: 1, rest: "" };
  server.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (state.rest + chunk).split("\n");
    state.rest = lines.pop() ?? "";
    for (const line of lines.filter((text) => text.startsWith("{"))) {
      const response = JSON.parse(line) as Response;
      if (response.type === "response") waiting.get(response.request_seq ?? 0)?.(response);
    }
  });
  const send = (command: string, given: object): number => {
    const seq = state.next++;
    server.stdin.write(`${JSON.stringify({ seq, type: "request", command, arguments: given })}\n`);
    return seq;
  };
  return {
    notify: (command, given) => void send(command, given),
    request: <Body>(command: string, given: object) =>
      new Promise<Body>((resolve, reject) => {
        const seq = send(command, given);
        waiting.set(seq, ({ success, message, body }) => {
          waiting.delete(seq);
          if (success === true) resolve(body as Body);
          else reject(new Error(message));
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.once("exit", () => resolve());
        send("exit", {});
      }),
  };
}
