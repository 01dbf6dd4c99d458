/** One line of the table. */
export interface ProcessRow {
  readonly name: string;
  readonly pid: number | undefined;
  /** Where to ask for its health; empty for engines. */
  readonly health: string;
}

const heading = ['process', 'pid', 'health'] as const;

/** The processes of a cluster for the terminal, in columns. */
export function processTable(rows: readonly ProcessRow[]): string {
  const cells = [heading, ...rows.map(({ name, pid, health }) => [name, pid === undefined ? '-' : `${pid}`, health] as const)];
  const nameWidth = Math.max(...cells.map(([name]) => name.length));
  const pidWidth = Math.max(...cells.map(([, pid]) => pid.length));
  const lines = cells.map(([name, pid, health]) => `  ${name.padEnd(nameWidth)}  ${pid.padStart(pidWidth)}  ${health}`.trimEnd());
  return `${lines.join('\n')}\n`;
}
