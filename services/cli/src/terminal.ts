import { clearLine, createInterface, cursorTo } from 'node:readline';
import type { ChatTerminal } from './commands/chat.js';

/** A chat on this process's terminal: incoming lines are written above the line that is being typed. */
export function openTerminal(prompt: string): ChatTerminal & { close(): void } {
  const { stdin: input, stdout: output } = process;
  const isInteractive = output.isTTY === true && input.isTTY === true;
  const readline = createInterface({ input, output, prompt, terminal: isInteractive });
  // Begun at once: lines that arrive before anybody iterates would be lost.
  const lines = readline[Symbol.asyncIterator]();
  return {
    print: (line) => {
      if (!isInteractive) {
        output.write(`${line}\n`);
        return;
      }
      clearLine(output, 0);
      cursorTo(output, 0);
      output.write(`${line}\n`);
      readline.prompt(true);
    },
    lines: async function* () {
      if (isInteractive) readline.prompt();
      for await (const line of { [Symbol.asyncIterator]: () => lines }) {
        yield line;
        if (isInteractive) readline.prompt();
      }
    },
    close: () => readline.close(),
  };
}
