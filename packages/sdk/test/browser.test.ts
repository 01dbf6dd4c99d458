import { describe, expect, it } from '@jest/globals';
import { storageOutboxStore } from '../src/storage-outbox-store.js';
import { wakeWithBrowser } from '../src/wake-with-browser.js';
import { makeWorld, record } from './world.js';

function fakeStorage(): { getItem(key: string): string | null; setItem(key: string, value: string): void } {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

describe('in a browser', () => {
  it('unanswered sends survive a reload of the page', async () => {
    const world = makeWorld();
    const storage = fakeStorage();
    world.server.isReachable = false;
    const before = world.client('alice', { user: 'alice', store: storageOutboxStore(storage, 'outbox of alice') });
    before.user('bob').send('one');
    before.user('bob').send({ type: 'custom', subType: 1, payload: Uint8Array.from([0, 255]) });
    before.close();

    world.server.isReachable = true;
    const after = world.client('alice', { store: storageOutboxStore(storage, 'outbox of alice') });
    const seen = record(after);
    void after.connect();
    await world.clock.advance(1_000);
    expect(seen.messages.map(({ content }) => content)).toEqual([
      { type: 'text', text: 'one' },
      { type: 'custom', subType: 1, payload: Uint8Array.from([0, 255]), summary: '' },
    ]);
    expect(storage.getItem('outbox of alice')).toBe('[]');
  });

  it('a broken outbox does not keep the application from starting', () => {
    const storage = fakeStorage();
    storage.setItem('key', '{"not":"a list"');
    expect(storageOutboxStore(storage, 'key').load()).toEqual([]);
  });

  it('the client is woken when the network is back or the page is shown, not when it is hidden', () => {
    const listeners = new Map<string, () => void>();
    const target = {
      addEventListener: (name: string, listener: () => void) => void listeners.set(name, listener),
      removeEventListener: (name: string) => void listeners.delete(name),
    };
    const document = { ...target, visibilityState: 'hidden' };
    let wakes = 0;
    const off = wakeWithBrowser({ wake: () => wakes++ }, { window: target, document });
    listeners.get('visibilitychange')?.();
    expect(wakes).toBe(0);
    document.visibilityState = 'visible';
    listeners.get('visibilitychange')?.();
    listeners.get('online')?.();
    expect(wakes).toBe(2);
    off();
    expect(listeners.size).toBe(0);
  });
});
