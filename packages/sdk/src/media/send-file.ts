import { randomId } from '@parley/kernel';
import { ParleyClientError } from '../client-error.js';
import { contentToBytes, type MessageContentInit, priorityNumber } from '../content.js';
import type { SendOptions } from '../conversation-handle.js';
import type { ClientParts } from '../client-parts.js';
import type { Message } from '../events.js';
import type { PreparedSend, Unsent } from '../live/unsent.js';
import { optionsToWire } from '../message-options.js';
import type { PendingSend } from '../outbox-store.js';
import type { SendHandle } from '../send-handle.js';
import { serverLimits } from '../server-limits.js';
import { type FileInput, sourceOf } from './file-source.js';
import { type FileOptions, detailsOf, type Media } from './media.js';
import { draftOf, mediaOf } from './media-content.js';
import { PreparedMessage } from './prepared-send.js';

export interface FileDeps {
  readonly parts: ClientParts;
  readonly media: Media;
  readonly unsent: Unsent;
}

/** A file of a message that is forwarded. */
interface SharedFile {
  readonly media: string;
  readonly from: string;
}

/** A file on its way, and then its message. */
export function sendFile(
  { parts, media, unsent }: FileDeps,
  conversation: string,
  { input, options }: { readonly input: FileInput; readonly options: FileOptions & SendOptions },
): PreparedSend {
  const source = sourceOf(input);
  const draft = pendingOf(parts, conversation, { content: draftOf(detailsOf(source, options), source), options });
  const { onProgress, signal } = options;
  const handle = new PreparedMessage({
    draft,
    prepare: async (stop, progress) => {
      const { content } = await media.upload(source, {
        ...options,
        ...{ conversation, signal: stop },
        onProgress: (made) => {
          onProgress?.(made);
          progress(made.totalBytes === 0 ? 1 : made.sentBytes / made.totalBytes);
        },
      });
      return { ...draft, content: contentToBytes(content) };
    },
    send: (ready) => parts.outbox.add(ready),
  });
  signal?.addEventListener('abort', () => handle.cancel());
  unsent.prepare(handle);
  return handle;
}

/** Files of messages that come from another conversation. */
export function filesToShare(messages: readonly Message[], conversation: string): readonly SharedFile[] {
  const files: SharedFile[] = [];
  for (const { content, conversation: from } of messages) {
    if (from !== conversation) files.push(...mediaOf(content).map((media) => ({ media, from })));
  }
  return files;
}

/** A message with files of other conversations: they become files of this one before. */
export function sendWithFiles(
  { parts, media, unsent }: FileDeps,
  conversation: string,
  message: { readonly content: MessageContentInit; readonly options: SendOptions; readonly files: readonly SharedFile[] },
): SendHandle {
  const draft = pendingOf(parts, conversation, message);
  const handle = new PreparedMessage({
    draft,
    prepare: async () => {
      await Promise.all(message.files.map((file) => media.share(file.media, { from: file.from, to: conversation })));
      return draft;
    },
    send: (ready) => parts.outbox.add(ready, tooLong(ready)),
  });
  unsent.prepare(handle);
  return handle;
}

function pendingOf(
  { random }: ClientParts,
  conversation: string,
  { content, options }: { readonly content: MessageContentInit; readonly options: SendOptions },
): PendingSend {
  const extras = optionsToWire(options);
  const { clientMsgId = randomId(random, 24), priority, expiresAfterMs } = options;
  return {
    ...{ conversation, clientMsgId, content: contentToBytes(content), priority: priorityNumber(priority, content) },
    ...(extras && { options: extras }),
    ...(expiresAfterMs !== undefined && { expiresAfterMs }),
  };
}

const tooLong = ({ content }: PendingSend): ParleyClientError | undefined =>
  content.length > serverLimits.contentBytesMax ? ParleyClientError.of('MESSAGE_TOO_LARGE') : undefined;
