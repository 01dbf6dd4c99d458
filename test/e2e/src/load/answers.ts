import { ParleyClientError, type SendHandle } from '@parley/sdk';
import type { Recorder } from '@parley/testkit';
import type { Actor } from '../world/actor.js';

type Entry = ReturnType<Recorder['send']>;

/** Writes down what becomes of a send; ends when that is known, or never will be. */
export async function noteAnswer(actor: Actor, handle: SendHandle, entry: Entry): Promise<void> {
  onPostponed(actor, handle, () => entry.postponed());
  try {
    entry.ok((await handle.done).seq);
  } catch (error) {
    // Only a refusal for good says that it will never appear.
    if (error instanceof ParleyClientError && !error.retryable) entry.refused(error.name);
  }
}

/** Tells when it is back in the queue on a connection that lives: the server has refused it for now, and others may have overtaken it. */
export function onPostponed({ client }: Actor, handle: SendHandle, postponed: () => void): void {
  handle.onChange(({ state }) => {
    if (state !== 'queued') return;
    // A connection that is lost is so by then.
    setImmediate(() => {
      if (client.status.state === 'online') postponed();
    });
  });
}
