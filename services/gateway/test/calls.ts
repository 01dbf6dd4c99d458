import { ParleyError } from '@parley/kernel';

/** For calls that no test should bring about. */
export const unexpected = async (): Promise<never> => {
  throw new ParleyError('UNSUPPORTED');
};

/** Keeps what a fake service was asked, and lets tests make its calls fail or wait. */
export class Calls<Call extends string> {
  readonly all: { readonly call: Call; readonly request: object }[] = [];
  /** What a call throws instead of answering. */
  readonly failures = new Map<Call, Error>();
  /** Runs when a call comes, before it is answered. */
  readonly hooks = new Map<Call, (request: object) => void | Promise<void>>();

  async note(call: Call, request: object): Promise<void> {
    this.all.push({ call, request });
    await this.hooks.get(call)?.(request);
    const failure = this.failures.get(call);
    if (failure !== undefined) throw failure;
  }

  /** What one call was asked, each time. */
  of(call: Call): readonly object[] {
    return this.all.flatMap((each) => (each.call === call ? [each.request] : []));
  }
}
