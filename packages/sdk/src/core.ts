import { type ClientOptions, CoreClient } from './core-client.js';

/** Makes a small client: connection, messages, rooms. It is idle until `connect`; what is sent before is queued. */
export const createClient = (options: ClientOptions): CoreClient => new CoreClient(options);

export { ParleyClientError } from './client-error.js';
export type * from './core-types.js';
export { type SdkLimits, sdkLimits } from './limits.js';
export { memoryOutboxStore } from './outbox-store.js';
export { storageOutboxStore } from './storage-outbox-store.js';
export { wakeWithBrowser } from './wake-with-browser.js';
