/** Who may ask. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";

/** Throws a `Problem` (401) unless the request bears one of the tokens. */
export function createTokenCheck(tokens: readonly string[]): (request: Request) => void {
  const known = tokens.map(digest);
  return (request) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    // Digests have one length, and all are compared: the time says nothing about a token.
    const asked = digest(given ?? "");
    const matches = known.filter((one) => timingSafeEqual(one, asked)).length;
    if (given !== undefined && matches > 0) return;
    throw new Problem(
      401,
      "unauthorized",
      given === undefined
        ? "Send the token: Authorization: Bearer TOKEN."
        : "The token is not the right one.",
    );
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Without a token, whoever reaches the port may ask; web pages in a browser on this machine must not be among them. They
 * give themselves away by `Origin`, and by the name of another host that leads here.
 */
export function assertNoBrowser(request: Request): void {
  const { hostname } = new URL(request.url);
  if (LOOPBACK.test(hostname) && request.headers.get("origin") === null) return;
  throw new Problem(403, "forbidden", "Without a token, only programs on this machine are answered.");
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === "::1";
}
