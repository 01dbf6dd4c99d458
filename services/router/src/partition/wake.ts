/** Lets one loop sleep until somebody calls; a call that comes while it is awake is not lost. */
export class Wake {
  #isCalled = false;
  #resume: (() => void) | undefined;

  call(): void {
    this.#isCalled = true;
    this.#resume?.();
    this.#resume = undefined;
  }

  async wait(): Promise<void> {
    if (!this.#isCalled) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    this.#isCalled = false;
  }
}
