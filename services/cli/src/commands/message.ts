import type { Client, Conversation, SendHandle } from '@parley/sdk';
import { named, wholeNumber } from '../arguments.js';
import { parseConversationArgument } from '../conversation-argument.js';
import { type Output, UsageError } from '../output.js';
import { renderEvent, renderTime } from '../render.js';

type Action = (conversation: Conversation, args: readonly string[], output: Output) => Promise<void>;

const actions: { readonly [name: string]: Action } = {
  reply: async (of, [seq, ...words], output) => settled(output, of, of.reply(wholeNumber(seq), words.join(' '))),
  edit: async (of, [seq, ...words], output) => settled(output, of, of.edit(wholeNumber(seq), words.join(' '))),
  recall: async (of, [seq, ...words], output) => settled(output, of, of.recall(wholeNumber(seq), words.join(' '))),
  delete: async (of, seqs, output) => settled(output, of, of.delete(seqs.map(wholeNumber))),
  hide: async (of, seqs, output) => settled(output, of, of.hide(seqs.map(wholeNumber))),
  report: async (of, [seq, ...words], output) => settled(output, of, of.report(wholeNumber(seq), words.join(' '))),
  react: async (of, [seq, reaction], output) => settled(output, of, of.react(wholeNumber(seq), named(reaction, 'which reaction'))),
  unreact: async (of, [seq, reaction], output) => settled(output, of, of.unreact(wholeNumber(seq), named(reaction, 'which reaction'))),
  pin: async (of, [seq], output) => settled(output, of, of.pin(wholeNumber(seq))),
  unpin: async (of, [seq], output) => settled(output, of, of.unpin(wholeNumber(seq))),
  pins: async (of, _, output) => {
    for (const message of await of.pins()) output.line(renderEvent(message));
  },
  replies: async (of, [seq], output) => {
    for (const message of (await of.replies(wholeNumber(seq))).messages) output.line(renderEvent(message));
  },
  search: async (of, words, output) => {
    const { messages, nextPage } = await of.search(words.join(' '));
    for (const message of messages) output.line(renderEvent(message));
    if (nextPage !== '') output.note('there is more');
  },
  readers: async (of, [seq], output) => {
    for (const { user, readMs } of (await of.readers(wholeNumber(seq))).readers) output.line(`${user}  ${renderTime(readMs, 'date')}`);
  },
  read: async (of, [seq], output) => {
    const { headSeq } = await of.history({ limit: 1 });
    const upTo = seq === undefined ? headSeq : wholeNumber(seq);
    of.markRead(upTo);
    output.line(`read up to ${upTo}`);
  },
};

/** In the order in which they are explained. */
export const messageActions = Object.keys(actions);

/** One thing done to messages of a conversation. Throws ParleyClientError when it is refused. */
export async function actOnMessage(
  client: Client,
  request: { readonly action: string; readonly conversation: string; readonly args: readonly string[] },
  output: Output,
): Promise<void> {
  const act = actions[request.action];
  if (act === undefined) throw new UsageError(`not something to do with messages: ${request.action} (${messageActions.join(', ')})`);
  await act(client.conversation(parseConversationArgument(request.conversation, client.userId)), request.args, output);
}

/** Everything that the user may see of a conversation, oldest first, one JSON object per line. */
export async function exportConversation(client: Client, conversation: string, output: Output): Promise<void> {
  const id = parseConversationArgument(conversation, client.userId);
  for await (const event of client.conversation(id).export()) output.line(JSON.stringify(event));
}

async function settled(output: Output, { id }: Conversation, handle: SendHandle): Promise<void> {
  const { seq } = await handle.done;
  output.line(seq === 0 ? 'done' : `stored as ${id} ${seq}`);
}
