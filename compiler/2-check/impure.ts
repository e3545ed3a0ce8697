/**
 * What answers differently each time, or acts on the world: data, by family and by where it is declared. A name is
 * `member` for any use of a function or property, `new Class` for a construction, `*` for every function and class of
 * a module, and `-name` for an exception from `*`.
 *
 * Calls that return a promise are not judged by this table where they are implicit steps: those are recorded.
 */
import type { Origin } from "../1-read/origin.ts";

export type ImpureFamily =
  | "clock"
  | "randomness"
  | "environment"
  | "network"
  | "files"
  | "processes"
  | "timers"
  | "effects"
  /** By the project's configuration, not by this table. */
  | "listed";

type Names = Readonly<Record<string, string>>;

const TABLE: Readonly<Record<Exclude<ImpureFamily, "listed">, Names>> = {
  clock: {
    language: "DateConstructor.now Temporal.Now.* Now.*",
    platform: `Performance.now Performance.timeOrigin NodeJS.Process.hrtime NodeJS.Process.uptime`,
    perf_hooks: "Performance.now Performance.timeOrigin",
    process: "hrtime uptime",
    luxon: "DateTime.now",
    lodash: "LoDashStatic.now",
  },
  randomness: {
    language: "Math.random",
    platform: "Crypto.getRandomValues Crypto.randomUUID",
    crypto: `randomBytes pseudoRandomBytes randomInt randomUUID randomFill randomFillSync getRandomValues prng rng
      generateKey generateKeySync generateKeyPair generateKeyPairSync generatePrime generatePrimeSync
      webcrypto.Crypto.getRandomValues webcrypto.Crypto.randomUUID`,
    uuid: "v1 v4 v6 v7",
    nanoid: "nanoid random customAlphabet customRandom",
    "nanoid/non-secure": "nanoid",
    ulid: "ulid monotonicFactory factory",
    "@paralleldrive/cuid2": "createId init",
    cuid: "*",
    lodash: "LoDashStatic.random LoDashStatic.sample LoDashStatic.sampleSize LoDashStatic.shuffle",
    ksuid: "*",
  },
  environment: {
    platform: `NodeJS.Process.env NodeJS.Process.argv NodeJS.Process.argv0 NodeJS.Process.execArgv
      NodeJS.Process.execPath NodeJS.Process.pid NodeJS.Process.ppid NodeJS.Process.cwd NodeJS.Process.chdir
      NodeJS.Process.memoryUsage NodeJS.Process.cpuUsage NodeJS.Process.resourceUsage NodeJS.Process.platform
      NodeJS.Process.arch NodeJS.Process.version NodeJS.Process.versions NodeJS.Process.stdin
      localStorage sessionStorage navigator location document window`,
    os: "*",
    v8: "*",
  },
  network: {
    platform:
      "fetch new WebSocket new EventSource new XMLHttpRequest new BroadcastChannel Navigator.sendBeacon",
    http: "* -validateHeaderName -validateHeaderValue",
    https: "*",
    http2: "*",
    net: "* -isIP -isIPv4 -isIPv6",
    tls: "*",
    dgram: "*",
    dns: "*",
    undici: "*",
    "undici-types": "fetch new WebSocket new EventSource",
  },
  files: {
    fs: "*",
    "fs/promises": "*",
    readline: "*",
    sqlite: "new DatabaseSync",
    "fs-extra": "*",
  },
  processes: {
    child_process: "*",
    cluster: "*",
    worker_threads: "new Worker",
    platform: "NodeJS.Process.kill NodeJS.Process.exit NodeJS.Process.abort new Worker",
  },
  timers: {
    platform: `setTimeout setInterval setImmediate queueMicrotask requestAnimationFrame requestIdleCallback
      NodeJS.Process.nextTick AbortSignal.timeout`,
    timers: "setTimeout setInterval setImmediate",
    "timers/promises": "setTimeout setInterval setImmediate scheduler.wait",
  },
  // Calls that tell somebody else. What is written to the console is for people, and may be said twice.
  effects: {
    platform: `postMessage Worker.postMessage MessagePort.postMessage BroadcastChannel.postMessage
      EventTarget.dispatchEvent NodeJS.Process.emit NodeJS.Process.send NodeJS.EventEmitter.emit`,
    events: "EventEmitter.emit NodeJS.EventEmitter.emit",
    process: "emit send",
    worker_threads: "Worker.postMessage MessagePort.postMessage BroadcastChannel.postMessage",
    diagnostics_channel: "Channel.publish",
  },
};

/** How something is used: a class is harmless until it is constructed. */
export type Use = "reference" | "construction";

export interface ImpureTable {
  /** `kind`: what the declaration is; a `*` stands for functions and classes only, not for constants. */
  find(origin: Origin, use: Use, isCallable: boolean): ImpureFamily | null;
}

export function createImpureTable(): ImpureTable {
  const families = new Map<string, ImpureFamily>();
  const exceptions = new Set<string>();
  for (const [family, modules] of Object.entries(TABLE) as [ImpureFamily, Names][]) {
    for (const [module, names] of Object.entries(modules)) {
      for (const name of names.replaceAll(/\bnew\s+/g, "new ").match(/new \S+|\S+/g) ?? []) {
        if (name.startsWith("-")) exceptions.add(`${module} ${name.slice(1)}`);
        else families.set(`${module} ${name}`, family);
      }
    }
  }
  return {
    find({ module, member }, use, isCallable) {
      const key = `${module} ${member}`;
      const named = use === "construction" ? families.get(`${module} new ${member}`) : families.get(key);
      if (named !== undefined) return named;
      const group = families.get(`${module} ${member.replace(/[^.]+$/, "*")}`);
      return group !== undefined && isCallable && !exceptions.has(key) ? group : null;
    },
  };
}

/** The name people know something by: `DateConstructor.now` is `Date.now`, `readFileSync` of fs is `fs.readFileSync`. */
export function toDisplayName({ module, member }: Origin): string {
  const name = member
    .replace(/^NodeJS\.Process\./, "process.")
    .replace(/^(?:webcrypto\.)?Crypto\./, "crypto.")
    .replace(/^LoDashStatic\./, "")
    .replace(/^Performance\./, "performance.")
    .replace(/^(\w+)Constructor(?=\.|$)/, "$1");
  const isGlobal = module === "language" || module === "platform" || name.startsWith("performance.");
  return isGlobal || name.startsWith("crypto.") ? name : `${module}.${name}`;
}
