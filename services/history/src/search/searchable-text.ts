import { type Content, decodeContent } from '@parley/wire';

/** What of a content search looks at; undefined where there is nothing. */
export function searchableText(content: Uint8Array): string | undefined {
  const text = textsOf(decodeContent(content)).filter((part) => part !== '');
  return text.length === 0 ? undefined : text.join('\n');
}

function textsOf({ kind }: Content): readonly string[] {
  switch (kind?.type) {
    case 'text':
      return [kind.value.text];
    case 'custom':
      return [kind.value.summary];
    case 'file':
      return [kind.value.name];
    case 'location':
      return [kind.value.title, kind.value.address];
    case 'combined':
      return [kind.value.title, kind.value.summary];
    case 'notice':
      return [kind.value.text];
    case 'multiple':
      return kind.value.items.flatMap((item) => textsOf(decodeContent(item)));
    default:
      return [];
  }
}
