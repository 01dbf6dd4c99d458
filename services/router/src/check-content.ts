import { limits, ParleyError, ProtobufError } from '@parley/kernel';
import { isTransientContent } from './partition/transient-content.js';

/** What is wrong with the encoded content of a back end's message, or undefined. */
export function checkContent(content: Uint8Array): ParleyError | undefined {
  if (content.length === 0) return new ParleyError('INVALID_ARGUMENT', 'content: missing');
  if (content.length > limits.contentBytesMax)
    return new ParleyError('MESSAGE_TOO_LARGE', `content: at most ${limits.contentBytesMax} bytes`);
  try {
    isTransientContent(content);
    return undefined;
  } catch (error) {
    if (error instanceof ProtobufError) return new ParleyError('INVALID_ARGUMENT', `content: ${error.message}`);
    throw error;
  }
}
