import { ParleyError } from '@parley/kernel';
import { mediaLimits } from './limits.js';

const dayMs = 24 * 3_600_000;

/**
 * What users have begun to upload on this day (UTC), as far as this process knows: it holds abuse off, it is no account. Beyond
 * so many users those who began first are forgotten.
 */
export class UploadQuota {
  readonly #bytesMax: number;
  readonly #bytesOf = new Map<string, number>();
  #day = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Throws LIMIT_REACHED when it would be more than a user may. */
  take({ app, user, sizeBytes }: { readonly app: string; readonly user: string; readonly sizeBytes: number }, nowMs: number): void {
    const day = Math.floor(nowMs / dayMs);
    if (day !== this.#day) this.#bytesOf.clear();
    this.#day = day;
    const key = `${app}/${user}`;
    const bytes = (this.#bytesOf.get(key) ?? 0) + sizeBytes;
    if (bytes > this.#bytesMax) throw new ParleyError('LIMIT_REACHED', `size_bytes: at most ${this.#bytesMax} a day of one user`);
    this.#bytesOf.set(key, bytes);
    const [oldest] = this.#bytesOf.keys();
    if (this.#bytesOf.size > mediaLimits.countedUsersMax && oldest !== undefined) this.#bytesOf.delete(oldest);
  }
}
