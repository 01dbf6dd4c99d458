import type { LaneCommand } from '@parley/contracts/events';
import { ProtobufError, ProtobufReader } from '@parley/kernel';

/** Fields of parley.event.v1.Content whose kinds are not stored: command (8) and bullet (9). */
const transientTags: ReadonlySet<number> = new Set([(8 << 3) | 2, (9 << 3) | 2]);

/** Whether encoded content is of a kind that is passed on but not stored. Throws ProtobufError on garbage. */
export function isTransientContent(content: Uint8Array): boolean {
  const reader = new ProtobufReader(content);
  let isTransient = false;
  while (reader.pos < reader.end) {
    const tag = reader.readTag();
    if ((tag & 7) !== 2) throw new ProtobufError('content holds messages and strings only');
    isTransient ||= transientTags.has(tag);
    reader.skip(tag);
  }
  return isTransient;
}

/** How many of the commands are transient messages. What cannot be read is none: its decision finds that out. */
export const countTransients = (commands: readonly LaneCommand[]): number => commands.filter(isTransientMessage).length;

function isTransientMessage({ body }: LaneCommand): boolean {
  if (body?.type !== 'send') return false;
  try {
    return isTransientContent(body.value.content);
  } catch {
    return false;
  }
}
