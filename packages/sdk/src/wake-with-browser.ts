import type { CoreClient } from './core-client.js';
import type { Off } from './emitter.js';

interface EventSource {
  addEventListener(name: string, listener: () => void): void;
  removeEventListener(name: string, listener: () => void): void;
}

interface Page {
  readonly window?: EventSource;
  readonly document?: EventSource & { readonly visibilityState: string };
}

/**
 * Wakes the client when the network comes back and when the page is shown again: browsers slow the timers of hidden
 * pages down so much that connections die unnoticed. What is being collected is written when the page is hidden.
 * Does nothing where there is no page.
 */
export function wakeWithBrowser(
  client: Pick<CoreClient, 'wake'> & Partial<Pick<CoreClient, 'flush'>>,
  page: Page = globalThis as Page,
): Off {
  const { window, document } = page;
  const onOnline = (): void => client.wake();
  const onVisible = (): void => {
    if (document?.visibilityState === 'visible') client.wake();
    else client.flush?.();
  };
  window?.addEventListener('online', onOnline);
  document?.addEventListener('visibilitychange', onVisible);
  return () => {
    window?.removeEventListener('online', onOnline);
    document?.removeEventListener('visibilitychange', onVisible);
  };
}
