import { limits, type Refusal, refusal } from '@parley/kernel';
import type { Notice } from '@parley/wire';
import { overText } from './sizes.js';

/** What is wrong with a notice: its code has 1 to 64 bytes, and it names at most 20 values, each as long as a text. */
export function refusalOfNotice({ code, text, parameters }: Notice, textBytesMax: number): Refusal | undefined {
  const { noticeCodeBytesMax: codeBytesMax, noticeParametersMax: parametersMax } = limits;
  if (code === '') return refusal('INVALID_ARGUMENT', `content.notice.code: 1 to ${codeBytesMax} bytes`);
  if (parameters.length > parametersMax) return refusal('INVALID_ARGUMENT', `content.notice.parameters: at most ${parametersMax}`);
  const tooLong = overText('content.notice.code', code, codeBytesMax) ?? overText('content.notice.text', text, textBytesMax);
  if (tooLong !== undefined) return tooLong;
  for (const [i, { name, value }] of parameters.entries()) {
    const field = `content.notice.parameters[${i}]`;
    if (name === '') return refusal('INVALID_ARGUMENT', `${field}.name: 1 to ${codeBytesMax} bytes`);
    const wrong = overText(`${field}.name`, name, codeBytesMax) ?? overText(`${field}.value`, value, textBytesMax);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
