import { type ErrorName, refusal } from '@parley/kernel';
import { Chunk, chunkOf } from './chunk.js';
import { errorFrame } from './frames.js';

/** Waits are rounded up to steps, so that few frames stand for all of them. Milliseconds. */
const fineStepMs = 10;
const fineUntilMs = 1_000;
const coarseStepMs = 100;
const longestMs = 10_000;

const idTag = 0x08;
const framesTag = 0x0a;

/**
 * A refusal that is given again and again, at several times what a gateway can carry: everything of its frame but
 * the id is encoded once per waiting time.
 */
export class CachedRefusal {
  readonly #error: ErrorName;
  readonly #detail: string;
  /** The encoded frame without its id, by waiting time in steps. */
  readonly #frames: Uint8Array[] = [];

  constructor(error: ErrorName, detail: string) {
    this.#error = error;
    this.#detail = detail;
  }

  /** The answer to the request `id`. Waits of more than ten seconds are told as ten. */
  chunk(id: number, retryAfterMs: number): Chunk {
    const step = stepOf(retryAfterMs);
    this.#frames[step] ??= this.#encode(step);
    return new Chunk(withId(this.#frames[step], id));
  }

  #encode(step: number): Uint8Array {
    const { bytes } = chunkOf(errorFrame(0, refusal(this.#error, this.#detail, msOf(step))));
    // Behind the tag and the length, which takes a byte or two.
    return bytes.slice((bytes[1] ?? 0) < 0x80 ? 2 : 3);
  }
}

const fineSteps = fineUntilMs / fineStepMs;

function stepOf(ms: number): number {
  if (ms <= fineUntilMs) return Math.ceil(ms / fineStepMs);
  return fineSteps + Math.ceil((Math.min(ms, longestMs) - fineUntilMs) / coarseStepMs);
}

const msOf = (step: number): number => (step <= fineSteps ? step * fineStepMs : fineUntilMs + (step - fineSteps) * coarseStepMs);

/** ServerFrames with one frame: the id goes before the other fields. */
function withId(frame: Uint8Array, id: number): Uint8Array {
  const idLength = id === 0 ? 0 : 1 + varintLength(id);
  const length = idLength + frame.length;
  const bytes = new Uint8Array(1 + varintLength(length) + length);
  bytes[0] = framesTag;
  let at = writeVarint(bytes, 1, length);
  if (id !== 0) {
    bytes[at] = idTag;
    at = writeVarint(bytes, at + 1, id);
  }
  bytes.set(frame, at);
  return bytes;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

/** Answers the position behind it. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  let position = at;
  while (rest >= 0x80) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}
