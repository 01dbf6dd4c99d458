import { checkContent as check } from '@parley/domain';
import { limits, ParleyError } from '@parley/kernel';

/** What is wrong with the encoded content of a back end's message, or undefined. Its texts may be as long as any app's. */
export function checkContent(content: Uint8Array): ParleyError | undefined {
  const checked = check(content, { textBytesMax: limits.textBytesCeiling });
  return checked.ok ? undefined : ParleyError.of(checked.error);
}
