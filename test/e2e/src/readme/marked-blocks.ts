/** A fenced block of a page of Markdown. */
export interface FencedBlock {
  readonly language: string;
  readonly text: string;
  /** The line that it begins in, from 1. */
  readonly line: number;
  /** `<name>` of a line `<!-- test: <name> -->` directly before it; empty without one. */
  readonly mark: string;
}

const mark = /^<!-- test: ([\w-]+) -->$/;
const fence = /^```(\w*)$/;

/** All fenced blocks in their order. Throws when one does not end. */
export function fencedBlocks(markdown: string): readonly FencedBlock[] {
  const lines = markdown.split('\n');
  const blocks: FencedBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = fence.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new Error(`the block in line ${at + 1} does not end`);
    const before = lines.slice(0, at).findLast((line) => line.trim() !== '') ?? '';
    blocks.push({ language, text: lines.slice(at + 1, end).join('\n'), line: at + 1, mark: mark.exec(before)?.[1] ?? '' });
    at = end;
  }
  return blocks;
}
