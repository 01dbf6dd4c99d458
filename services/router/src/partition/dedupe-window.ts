/** A stored send, as it must be answered again. */
export interface PriorSend {
  readonly seq: number;
  readonly messageId: string;
  readonly timeMs: number;
  readonly bodyHash: number;
}

export interface DedupeLimits {
  readonly windowMs: number;
  readonly entriesMax: number;
}

/** What tells sends apart: 106 bits of hash over conversation, sender and client message id. */
export interface SendKey {
  readonly high: number;
  readonly low: number;
}

/** The key of a send. Hashes of the FNV-1a kind with different multipliers and orders; not for security, senders are authenticated. */
export function sendKey(conversationKey: string, sender: string, clientMsgId: string): SendKey {
  return {
    high: hash53(conversationKey, sender, clientMsgId, 0x01000193),
    low: hash53(conversationKey, sender, clientMsgId, 0x85ebca6b),
  };
}

function hash53(conversationKey: string, sender: string, clientMsgId: string, prime: number): number {
  const low = mix(mix(mix(0x811c9dc5, conversationKey, prime), sender, prime), clientMsgId, prime);
  const high = mix(mix(mix(0x2545f491, clientMsgId, prime), sender, prime), conversationKey, prime);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

/** The end of a part counts too: 'ab' + 'c' is not 'a' + 'bc'. */
function mix(seed: number, text: string, prime: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), prime) ^ (hash >>> 15);
  return Math.imul(hash ^ 0x1_0000, prime);
}

const slotsAtFirst = 1_024;
/** Numbers per entry: high, low, seq, timeMs, bodyHash. */
const numbersPerEntry = 5;
/** Bytes kept of a message id: its length and its characters. */
const idBytes = 48;
const none = -1;

/**
 * The stored sends of the last while, oldest first; entries come in order of time. They lie in plain memory,
 * a ring with a chained hash table over it: at full load there are millions, and as objects they would keep
 * the garbage collector busy with little else.
 */
export class DedupeWindow {
  readonly #limits: DedupeLimits;
  #capacity = slotsAtFirst;
  #numbers = new Float64Array(slotsAtFirst * numbersPerEntry);
  #ids = new Uint8Array(slotsAtFirst * idBytes);
  /** First slot of each chain, and the next slot of each slot. */
  #heads = new Int32Array(slotsAtFirst).fill(none);
  #nexts = new Int32Array(slotsAtFirst).fill(none);
  #first = 0;
  #size = 0;

  constructor(limits: DedupeLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  find(key: SendKey): PriorSend | undefined {
    for (let slot = this.#heads[this.#chainOf(key.low)] ?? none; slot !== none; slot = this.#nexts[slot] ?? none) {
      const at = slot * numbersPerEntry;
      if (this.#numbers[at] === key.high && this.#numbers[at + 1] === key.low) return this.#read(slot);
    }
    return undefined;
  }

  add(key: SendKey, send: PriorSend): void {
    const oldestMs = send.timeMs - this.#limits.windowMs;
    while (this.#size > 0 && (this.#size >= this.#limits.entriesMax || this.#timeOf(this.#first) < oldestMs)) this.#dropFirst();
    if (this.#size === this.#capacity) this.#grow();
    const slot = (this.#first + this.#size++) & (this.#capacity - 1);
    const at = slot * numbersPerEntry;
    this.#numbers[at] = key.high;
    this.#numbers[at + 1] = key.low;
    this.#numbers[at + 2] = send.seq;
    this.#numbers[at + 3] = send.timeMs;
    this.#numbers[at + 4] = send.bodyHash;
    this.#writeId(slot, send.messageId);
    this.#link(slot, key.low);
  }

  #chainOf(low: number): number {
    return low & (this.#capacity - 1);
  }

  #timeOf(slot: number): number {
    return this.#numbers[slot * numbersPerEntry + 3] ?? 0;
  }

  #link(slot: number, low: number): void {
    const chain = this.#chainOf(low);
    this.#nexts[slot] = this.#heads[chain] ?? none;
    this.#heads[chain] = slot;
  }

  /** The oldest entry is the last of its chain. */
  #dropFirst(): void {
    const slot = this.#first;
    const chain = this.#chainOf(this.#numbers[slot * numbersPerEntry + 1] ?? 0);
    let before = none;
    for (let at = this.#heads[chain] ?? none; at !== slot && at !== none; at = this.#nexts[at] ?? none) before = at;
    if (before === none) this.#heads[chain] = none;
    else this.#nexts[before] = none;
    this.#first = (slot + 1) & (this.#capacity - 1);
    this.#size--;
  }

  #read(slot: number): PriorSend {
    const at = slot * numbersPerEntry;
    const id = slot * idBytes;
    const messageId = String.fromCharCode(...this.#ids.subarray(id + 1, id + 1 + (this.#ids[id] ?? 0)));
    const [seq = 0, timeMs = 0, bodyHash = 0] = this.#numbers.subarray(at + 2, at + numbersPerEntry);
    return { seq, messageId, timeMs, bodyHash };
  }

  #writeId(slot: number, messageId: string): void {
    const at = slot * idBytes;
    if (messageId.length >= idBytes) throw new RangeError(`message id of ${messageId.length} characters`);
    this.#ids[at] = messageId.length;
    for (let i = 0; i < messageId.length; i++) this.#ids[at + 1 + i] = messageId.charCodeAt(i);
  }

  /** Doubles the ring; entries move to its start. */
  #grow(): void {
    const { length } = this.#nexts;
    const numbers = new Float64Array(length * 2 * numbersPerEntry);
    const ids = new Uint8Array(length * 2 * idBytes);
    const split = this.#first;
    numbers.set(this.#numbers.subarray(split * numbersPerEntry));
    numbers.set(this.#numbers.subarray(0, split * numbersPerEntry), (length - split) * numbersPerEntry);
    ids.set(this.#ids.subarray(split * idBytes));
    ids.set(this.#ids.subarray(0, split * idBytes), (length - split) * idBytes);
    this.#numbers = numbers;
    this.#ids = ids;
    this.#capacity = length * 2;
    this.#first = 0;
    this.#heads = new Int32Array(this.#capacity).fill(none);
    this.#nexts = new Int32Array(this.#capacity).fill(none);
    for (let slot = 0; slot < this.#size; slot++) this.#link(slot, numbers[slot * numbersPerEntry + 1] ?? 0);
  }
}
