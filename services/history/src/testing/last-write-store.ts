import type {
  ConversationRow,
  DetailKey,
  DetailRange,
  DetailRow,
  EventRange,
  EventRow,
  HistoryBatch,
  HistoryCheckpoint,
  HistoryStore,
  MemberRow,
  PageRequest,
} from '@parley/store';

interface Cell {
  readonly timestamp: number;
  /** Undefined for a row that was deleted. */
  readonly value: unknown;
}

/**
 * A history without transactions: every row is written for itself under the offset of its batch, of two
 * writes the one from further on in the log counts, and a batch that is cut short stays written in part.
 * This is how the store in Cassandra behaves.
 */
export class LastWriteStore implements HistoryStore {
  /** After so many writes the store fails, once. */
  writesLeft = Number.POSITIVE_INFINITY;
  /** Rows of a space of details that are written at once. */
  readonly #rowsAtOnce: number;
  readonly #tables = new Map<string, Map<string, Cell>>();
  readonly #emptiedAt = new Map<string, number>();
  #checkpoint: HistoryCheckpoint | undefined;

  constructor(rowsAtOnce = Number.POSITIVE_INFINITY) {
    this.#rowsAtOnce = rowsAtOnce;
  }

  async apply(_partition: number, batch: HistoryBatch): Promise<void> {
    const timestamp = batch.offset + 1;
    const put = (table: string, id: readonly (string | number)[], value: unknown) => () => this.#write(table, id, { timestamp, value });
    const rows = [
      ...batch.events.map((row) => put('events', [row.conversation, row.seq], row)),
      ...batch.members.map((row) => put('members', [row.conversation, row.user], row)),
      ...batch.memberships.map((row) => put('users', [row.user, row.conversation], true)),
      ...batch.departures.map((row) => put('users', [row.user, row.conversation], undefined)),
      ...spacesOf(batch.details, this.#rowsAtOnce).map((rows) => () => this.#writeDetails(rows, timestamp)),
    ];
    const heads = [
      ...batch.emptied.map((row) => () => void this.#emptiedAt.set(row.conversation, timestamp - 1)),
      ...batch.conversations.map((row) => put('conversations', [row.conversation], row)),
    ];
    for (const write of [...rows, ...heads]) {
      if (this.writesLeft-- <= 0) {
        this.writesLeft = Number.POSITIVE_INFINITY;
        throw new Error('the store was cut off');
      }
      write();
    }
    this.#checkpoint = batch.checkpoint;
  }

  /** As after a crash that lost a checkpoint, but no row. */
  forgetCheckpoint(earlier: HistoryCheckpoint | undefined): void {
    this.#checkpoint = earlier;
  }

  epoch = async (): Promise<string> => 'epoch';
  checkpoint = async (): Promise<HistoryCheckpoint | undefined> => this.#checkpoint;
  checkpoints = async (): Promise<ReadonlyMap<number, HistoryCheckpoint>> => new Map();
  findSend = async (): Promise<undefined> => undefined;

  async conversation(_app: string, conversation: string): Promise<ConversationRow | undefined> {
    return this.#rows<ConversationRow>('conversations', [conversation])[0];
  }

  async events(_app: string, conversation: string, { from, limit, backwards }: EventRange): Promise<readonly EventRow[]> {
    const rows = this.#rows<EventRow>('events', [conversation]).sort((a, b) => (backwards ? b.seq - a.seq : a.seq - b.seq));
    return rows.filter(({ seq }) => (backwards ? seq <= from : seq >= from)).slice(0, limit);
  }

  async member(app: string, conversation: string, user: string): Promise<MemberRow | undefined> {
    return (await this.membersAmong(app, conversation, [user]))[0];
  }

  async membersAmong(app: string, conversation: string, users: readonly string[]): Promise<readonly MemberRow[]> {
    return (await this.members(app, conversation, { limit: 9_999 })).filter(({ user }) => users.includes(user));
  }

  async members(_app: string, conversation: string, { after = '', limit }: PageRequest): Promise<readonly MemberRow[]> {
    const emptiedAt = this.#emptiedAt.get(conversation) ?? 0;
    const rows = this.#rows<MemberRow>('members', [conversation], emptiedAt).filter(({ user }) => user > after);
    return rows.sort((a, b) => (a.user < b.user ? -1 : 1)).slice(0, limit);
  }

  async conversationsOf(_app: string, user: string): Promise<readonly string[]> {
    const cells = [...(this.#tables.get('users') ?? [])].filter(([id, { value }]) => id.startsWith(`${user}/`) && value === true);
    return cells.map(([id]) => id.slice(user.length + 1)).sort();
  }

  async detail({ space, key }: DetailKey): Promise<Uint8Array | undefined> {
    const row = this.#tables.get(`details/${space}`)?.get(key)?.value as DetailRow | undefined;
    return row === undefined || row.value.length === 0 ? undefined : row.value;
  }

  async details(
    _app: string,
    space: string,
    { from = '', prefix = '', limit, isBackwards = false }: DetailRange,
  ): Promise<readonly DetailRow[]> {
    const cells = [...(this.#tables.get(`details/${space}`)?.values() ?? [])];
    const rows = cells.map(({ value }) => value as DetailRow).filter(({ key, value }) => value.length > 0 && key.startsWith(prefix));
    const inRange = rows.filter(({ key }) => from === '' || (isBackwards ? key <= from : key >= from));
    return inRange.sort((a, b) => (a.key < b.key === isBackwards ? 1 : -1)).slice(0, limit);
  }

  /** All rows of details, for comparing. */
  everyDetail(): readonly DetailRow[] {
    const tables = [...this.#tables].filter(([name]) => name.startsWith('details/'));
    const rows = tables.flatMap(([, cells]) => [...cells.values()].map(({ value }) => value as DetailRow));
    const idOf = ({ space, key }: DetailRow): string => `${space} ${key}`;
    return rows.filter(({ value }) => value.length > 0).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  }

  allConversations = async (): Promise<readonly ConversationRow[]> => this.#rows<ConversationRow>('conversations', []);
  amend = (): Promise<never> => Promise.reject(new Error('not here'));
  wipe = (): Promise<never> => Promise.reject(new Error('not here'));
  compact = async (): Promise<void> => {};

  async [Symbol.asyncDispose](): Promise<void> {}

  #writeDetails(rows: readonly DetailRow[], timestamp: number): void {
    for (const row of rows) this.#write(`details/${row.space}`, [row.key], { timestamp, value: row });
  }

  #write(table: string, id: readonly (string | number)[], cell: Cell): void {
    const cells = this.#tables.get(table) ?? new Map<string, Cell>();
    this.#tables.set(table, cells);
    const key = `${id.join('/')}`;
    if (cell.timestamp >= (cells.get(key)?.timestamp ?? 0)) cells.set(key, cell);
  }

  #rows<Row>(table: string, prefix: readonly string[], after = 0): Row[] {
    const start = prefix.join('/');
    const found = [...(this.#tables.get(table) ?? [])].filter(
      ([id, { timestamp, value }]) => (id === start || id.startsWith(`${start}/`)) && timestamp > after && value !== undefined,
    );
    return found.map(([, { value }]) => value as Row);
  }
}

/** Rows by the space they lie in: so many of one are written at once, more in their order. */
function spacesOf(rows: readonly DetailRow[], rowsAtOnce: number): readonly (readonly DetailRow[])[] {
  const parts: DetailRow[][] = [];
  const last = new Map<string, DetailRow[]>();
  for (const row of rows) {
    const part = last.get(row.space);
    if (part !== undefined && part.length < rowsAtOnce) {
      part.push(row);
      continue;
    }
    const next = [row];
    last.set(row.space, next);
    parts.push(next);
  }
  return parts;
}
