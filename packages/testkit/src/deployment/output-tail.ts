const keptChars = 64 * 1024;

/** The end of what a process prints, however much it prints. */
export class OutputTail {
  #text = '';

  add(chunk: Buffer | string): void {
    this.#text += chunk.toString();
    // Cut seldom, so that a talkative process costs no copy per line.
    if (this.#text.length > 2 * keptChars) this.#text = this.#text.slice(-keptChars);
  }

  /** At most the last 64 Ki characters. */
  get text(): string {
    return this.#text.slice(-keptChars);
  }
}
