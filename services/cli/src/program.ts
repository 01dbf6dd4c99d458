import { ParleyClientError, type Client, type SendPriority } from '@parley/sdk';
import { Command, Option } from 'commander';
import { chat } from './commands/chat.js';
import { printConfig } from './commands/config.js';
import { type ConversationsRequest, printConversations } from './commands/conversations.js';
import { actOnGroup, groupActions } from './commands/group.js';
import { printHistory } from './commands/history.js';
import { actOnMessage, exportConversation, messageActions } from './commands/message.js';
import { actOnRoom, roomActions } from './commands/room.js';
import { sendOne } from './commands/send.js';
import { tail } from './commands/tail.js';
import { actOnUser, userActions } from './commands/user.js';
import { examine, printFindings } from './doctor/doctor.js';
import { parseLifetime } from './make-token.js';
import { type Output, processOutput, UsageError } from './output.js';
import { connectTo, findTarget, type TargetOptions } from './target.js';
import { openTerminal } from './terminal.js';

/** The `parley` command. */
export function makeProgram(output: Output = processOutput): Command {
  const program = new Command('parley').description('Talk to a Parley server, and look after one.').showHelpAfterError();
  addToken(program, output);
  addSend(program, output);
  addTail(program, output);
  addHistory(program, output);
  addChat(program);
  addConversations(program, output);
  addMessage(program, output);
  addGroup(program, output);
  addUser(program, output);
  addRoom(program, output);
  addDoctor(program, output);
  addConfig(program, output);
  return program;
}

/** Runs a command line; what is the user's to solve ends with one line and exit code 1. */
export async function runProgram(args: readonly string[], output: Output = processOutput): Promise<void> {
  try {
    await makeProgram(output).parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof ParleyClientError)) throw error;
    output.note(error instanceof ParleyClientError ? `refused: ${error.name} (${error.code}): ${error.message}` : error.message);
    process.exitCode = 1;
  }
}

function withTarget(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'where the server keeps its data and demo.json', './data')
    .option('--url <url>', 'where to connect, instead of the address in demo.json')
    .option('--app <id>', 'app, instead of the one in demo.json')
    .option('--key-file <file>', "secret or private key (PEM) of the app, instead of demo.json's")
    .option('--kid <id>', 'id of that key');
}

const withLogin = (command: Command): Command =>
  withTarget(command).addOption(new Option('--as <user>', 'who to be').default('ann')).option('--token <token>', 'log in with this token');

async function withClient(options: TargetOptions, use: (client: Client) => Promise<void>): Promise<void> {
  const client = await connectTo(options);
  const stop = (): void => client.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await use(client);
  } finally {
    // Ends the session, so that runs of this command do not pile up as devices of the user.
    await client.logout();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function addToken(program: Command, output: Output): void {
  withTarget(program.command('token').description('make a login token').argument('<user>', 'whom it is for'))
    .option('--ttl <duration>', 'how long it lasts: 90, 15m, 2h, 7d', '1h')
    .action(async (user: string, options: TargetOptions & { ttl: string }) => {
      output.line(await findTarget({ ...options, as: user }).token(parseLifetime(options.ttl)));
    });
}

function addSend(program: Command, output: Output): void {
  const priority = new Option('--priority <class>', 'how urgent it is').choices(['low', 'medium', 'high']);
  withLogin(program.command('send').description('send a message').argument('<conversation>', 'bob, g:team, r:live').argument('<text...>'))
    .addOption(priority)
    .option('--bullet', 'as a bullet comment, which is not stored')
    .action(async (conversation: string, words: string[], options: TargetOptions & { priority?: SendPriority; bullet?: true }) => {
      const content = { type: options.bullet === true ? 'bullet' : 'text', text: words.join(' ') } as const;
      const request = options.priority === undefined ? {} : { priority: options.priority };
      await withClient(options, (client) => sendOne(client, { conversation, content, ...request }, output));
    });
}

function addTail(program: Command, output: Output): void {
  withLogin(program.command('tail').description('print what arrives').argument('[conversations...]', 'all by default; rooms are entered'))
    .option('--json', 'one JSON object per line')
    .action((conversations: string[], options: TargetOptions & { json?: true }) =>
      withClient(options, (client) => tail(client, { conversations, asJson: options.json === true }, output)),
    );
}

function addHistory(program: Command, output: Output): void {
  withLogin(program.command('history').description('print older messages').argument('<conversation>', 'bob, g:team, r:live'))
    .option('--count <n>', 'how many', positive, 20)
    .option('--from <seq>', 'begin here instead of printing the newest', positive)
    .option('--json', 'one JSON object per line')
    .action((conversation: string, options: TargetOptions & { count: number; from?: number; json?: true }) => {
      const { count, from } = options;
      const request = { conversation, count, asJson: options.json === true, ...(from === undefined ? {} : { from }) };
      return withClient(options, (client) => printHistory(client, request, output));
    });
}

function addChat(program: Command): void {
  withLogin(program.command('chat').description('chat in the terminal').argument('<conversation>', 'bob, g:team, r:live')).action(
    (conversation: string, options: TargetOptions) =>
      withClient(options, async (client) => {
        const terminal = openTerminal(`${client.userId}> `);
        client.on('connection', ({ state }) => {
          if (state === 'closed') terminal.close();
        });
        try {
          await chat(client, conversation, terminal);
        } finally {
          terminal.close();
        }
      }),
  );
}

function addGroup(program: Command, output: Output): void {
  withLogin(
    program
      .command('group')
      .description('create a group, join it, change it, …')
      .argument('<action>', groupActions.join(', '))
      .argument('<group>', 'id of the group')
      .argument('[args...]', 'users, key=value …, a duration (90, 15m, 2h, 7d), a name'),
  ).action((action: string, group: string, args: string[], options: TargetOptions) =>
    withClient(options, (client) => actOnGroup(client, { action, group, args }, output)),
  );
}

function addUser(program: Command, output: Output): void {
  withLogin(
    program
      .command('user')
      .description('profiles, friends, blocked users')
      .argument('<action>', userActions.join(', '))
      .argument('[args...]', 'users, a name, a text'),
  ).action((action: string, args: string[], options: TargetOptions) =>
    withClient(options, (client) => actOnUser(client, { action, args }, output)),
  );
}

function addConversations(program: Command, output: Output): void {
  withLogin(program.command('conversations').description('print the conversations of a user'))
    .option('--unread', 'only those with something unread')
    .addOption(new Option('--type <type>', 'of two users, or of groups').choices(['u', 'g']))
    .option('--hidden', 'hidden ones too')
    .action((options: TargetOptions & { unread?: true; type?: string; hidden?: true }) => {
      const { unread = false, hidden = false, type } = options;
      const request: ConversationsRequest = { isUnread: unread, withHidden: hidden, ...(type === undefined ? {} : { type }) };
      return withClient(options, (client) => printConversations(client, request, output));
    });
}

function addMessage(program: Command, output: Output): void {
  withLogin(
    program
      .command('message')
      .description('edit a message, recall it, react to it, pin it, search, …')
      .argument('<action>', messageActions.join(', '))
      .argument('<conversation>', 'bob, g:team, r:live')
      .argument('[args...]', 'the seq of a message, then what it is about'),
  ).action((action: string, conversation: string, args: string[], options: TargetOptions) =>
    withClient(options, (client) => actOnMessage(client, { action, conversation, args }, output)),
  );
  withLogin(
    program.command('export').description('print a whole conversation, one JSON object per line').argument('<conversation>', 'bob, g:team'),
  ).action((conversation: string, options: TargetOptions) =>
    withClient(options, (client) => exportConversation(client, conversation, output)),
  );
}

function addRoom(program: Command, output: Output): void {
  withLogin(
    program
      .command('room')
      .description('create a room, watch it, set its attributes, …')
      .argument('<action>', roomActions.join(', '))
      .argument('[room]', 'id of the room; for list the beginning of names', '')
      .argument('[args...]', 'key=value …, users, a duration (90, 15m, 2h, 7d), a name')
      .option('--ttl <duration>', 'create: how long it stays when nobody is in it', '10m')
      .option('--force', 'set, delete: also what belongs to others'),
  ).action((action: string, room: string, args: string[], options: TargetOptions & { ttl: string; force?: boolean }) => {
    const { ttl, force = false } = options;
    return withClient(options, (client) => actOnRoom(client, { action, room, args, emptyTtlMs: parseLifetime(ttl) * 1000, force }, output));
  });
}

function addDoctor(program: Command, output: Output): void {
  program
    .command('doctor')
    .description('say what would keep a server from running here, and what to do')
    .action(async () => {
      if (!printFindings(await examine(), output)) process.exitCode = 1;
    });
}

function addConfig(program: Command, output: Output): void {
  program
    .command('config')
    .description('print every setting, its value, default and meaning')
    .option('--json', 'as JSON')
    .action((options: { json?: true }) => printConfig({ asJson: options.json === true }, output));
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`not a positive whole number: ${text}`);
  return value;
}
