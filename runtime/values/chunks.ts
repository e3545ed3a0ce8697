import { hash } from "node:crypto";

/** A piece of a snapshot's text, and its name: what is stored once by content. */
export interface Chunk {
  /** SHA-256 of the body, first 128 bits, hexadecimal. */
  readonly hash: string;
  readonly body: string;
}

/** In UTF-16 units, which for the text of most snapshots are bytes. */
const CHUNK_MIN = 1024;
const CHUNK_MAX = 16 * 1024;
/** With 12 bits a cut comes every 4096 units; after the first `CHUNK_MIN`, where none is looked for, somewhat later. */
const CUT_MASK = 0xfff0_0000;
/** Cutting a smaller text saves nothing: a row costs as much as what would be shared. */
const SINGLE_MAX = 4096;

/**
 * Cuts a text where its content says so, so that a change moves only the cuts near it: all other chunks stay the same
 * and are already stored. Fixed sizes would move every cut behind an insertion.
 */
export function toChunks(text: string): Chunk[] {
  if (text.length <= SINGLE_MAX) return [chunkOf(text)];
  const chunks: Chunk[] = [];
  for (let start = 0; start < text.length;) {
    const end = findCut(text, start);
    chunks.push(chunkOf(text.slice(start, end)));
    start = end;
  }
  return chunks;
}

/** A gear hash: each unit shifts out what lay 32 units back, so a cut depends on the last 32 units alone. */
function findCut(text: string, start: number): number {
  const last = Math.min(start + CHUNK_MAX, text.length);
  let gear = 0;
  for (let i = Math.min(start + CHUNK_MIN - 32, last); i < last; i++) {
    const code = text.charCodeAt(i);
    gear = ((gear << 1) + GEARS[(code ^ (code >> 8)) & 0xff]!) | 0;
    if ((gear & CUT_MASK) === 0 && i >= start + CHUNK_MIN) return wholeCharacter(text, i + 1);
  }
  return wholeCharacter(text, last);
}

/** Half of a surrogate pair is no text, and a store would not give it back. */
function wholeCharacter(text: string, end: number): number {
  const code = end < text.length ? text.charCodeAt(end - 1) : 0;
  return code >= 0xd800 && code < 0xdc00 ? end + 1 : end;
}

function chunkOf(body: string): Chunk {
  return { hash: hashOf(body), body };
}

/** The name of a chunk with this body. */
export function hashOf(body: string): string {
  return hash("sha256", body, "hex").slice(0, 32);
}

/** 256 fixed numbers without pattern (xorshift): other numbers would cut elsewhere, and nothing stored would be shared. */
const GEARS: Int32Array = Int32Array.from({ length: 256 }, nextGear(0x9e3779b9));

function nextGear(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
