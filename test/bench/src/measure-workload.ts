import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@parley/kernel';
import type { ChatServer, Durability } from './chat/chat-server.js';
import { parleyChat } from './chat/parley-chat.js';
import { ProcessMeter } from './measure/process-meter.js';
import type { BenchOptions } from './options.js';
import { peersNamed } from './peers/all-peers.js';
import { printedProfiles } from './report/print-profile.js';
import { type Ratio, ratiosOf } from './report/ratios.js';
import { type Summary, summarize } from './report/summary.js';
import { type AttachOptions, attachServer, readAttachFile } from './server/attach-server.js';
import { type MachineFacts, machineFacts } from './server/machine-facts.js';
import type { ServerUnderTest } from './server/server-under-test.js';
import { spawnServer } from './server/spawn-server.js';
import type { BenchContext, BenchSettings, ChatContext, ChatWorkload, Round, RunningWorkload, Workload } from './workloads/workload.js';

/** What a workload measured, of this server and of those that took turns with it. */
export interface Measured {
  readonly facts: MachineFacts;
  readonly durability: Durability;
  readonly summary: Summary;
  readonly rounds: readonly Round[];
  readonly peers: readonly MeasuredPeer[];
}

interface MeasuredPeer {
  readonly name: string;
  readonly durability: Durability;
  readonly about: string;
  readonly summary: Summary;
  readonly rounds: readonly Round[];
  readonly ratios: readonly Ratio[];
}

export interface MeasureDeps {
  readonly options: BenchOptions;
  readonly clock: Clock;
  print(text: string): void;
}

/** Rounds of this server alone. */
export async function measureAlone(workload: Workload, settings: BenchSettings, deps: MeasureDeps): Promise<Measured> {
  const { options, clock } = deps;
  const rounds: Round[] = [];
  const lives = workload.needsFreshServer ? options.repeat : 1;
  const spans: [number, number][] = [];
  const held = new Map<string, number>();
  let found: Pick<Measured, 'facts' | 'durability'> | undefined;
  for (let life = 0; life < lives; life++) {
    await using server = await openServer(workload.name, settings, deps);
    found ??= { facts: machineFacts(server.listener), durability: server.durability };
    const context = {
      ...contextOf(
        parleyChat(server, () => clock.now()),
        settings,
        { ...deps, held },
      ),
      server,
    };
    await using running = await workload.start(context);
    if (!workload.needsFreshServer) await running.round(true);
    const fromUs = monotonicUs();
    for (let i = 0; i < options.repeat / lives; i++) rounds.push(await running.round(false));
    spans.push([fromUs, monotonicUs()]);
  }
  const folder = profileFolder(workload.name, options);
  if (folder !== undefined) deps.print(printedProfiles(folder, spans));
  if (found === undefined) throw new Error('no round was run');
  return { ...found, summary: summaryOf(workload, settings, { rounds, options }), rounds, peers: [] };
}

/**
 * Rounds of this server and of each peer in turn, this one before and after every round of a peer, each on a server
 * that was just started. What drifts on the machine then touches both alike.
 */
export async function measureAgainst(workload: ChatWorkload, settings: BenchSettings, deps: MeasureDeps): Promise<Measured> {
  const { options, clock, print } = deps;
  const peers = peersNamed(options.against).filter((peer) => {
    const reason = peer.missing();
    if (reason !== undefined) print(`${peer.name}: ${reason}, left out`);
    return reason === undefined;
  });
  const held = new Map<string, number>();
  const lives: { readonly name: string; readonly about: string; readonly round: Round }[] = [];
  let found: Pick<Measured, 'facts' | 'durability'> | undefined;
  const live = async (open: () => Promise<ChatServer>): Promise<void> => {
    await using chat = await open();
    await using running = await workload.start(contextOf(chat, settings, { ...deps, held }));
    lives.push({ name: chat.name, about: chat.about, round: await measuredRound(running) });
  };
  const own = async (): Promise<ChatServer> => {
    const server = await openServer(workload.name, settings, deps);
    found ??= { facts: machineFacts(server.listener), durability: server.durability };
    return parleyChat(server, () => clock.now());
  };
  await live(own);
  for (let i = 0; i < options.repeat; i++) {
    for (const peer of peers) {
      await live(() => peer.start({ clock, dataParent: options.dataParent ?? tmpdir() }));
      await live(own);
    }
  }
  if (found === undefined) throw new Error('no round was run');
  const roundsOf = (name: string): readonly Round[] => lives.filter((each) => each.name === name).map(({ round }) => round);
  const ownRounds = roundsOf('parley');
  return {
    ...found,
    summary: summaryOf(workload, settings, { rounds: ownRounds, options }),
    rounds: ownRounds,
    peers: peers.map(({ name, durability }) => ({
      name,
      durability,
      about: lives.find((each) => each.name === name)?.about ?? '',
      summary: summarize(name, roundsOf(name), { rate: settings.rate, isCluster: false }),
      rounds: roundsOf(name),
      ratios: ratiosOf(lives, name),
    })),
  };
}

async function measuredRound(running: RunningWorkload): Promise<Round> {
  await running.round(true);
  return running.round(false);
}

const summaryOf = (
  { name }: Workload,
  { rate }: BenchSettings,
  { rounds, options }: { readonly rounds: readonly Round[]; readonly options: BenchOptions },
): Summary => summarize(name, rounds, { rate, isCluster: options.isCluster });

function contextOf(
  chat: ChatServer,
  settings: BenchSettings,
  { clock, print, held }: MeasureDeps & Pick<ChatContext, 'held'>,
): Omit<BenchContext, 'server'> {
  const tag = `b${clock.now().toString(36)}`;
  return { clock, chat, meter: new ProcessMeter(chat.pids, clock), tag, settings, held, note: print };
}

async function openServer(name: string, { roomRate }: BenchSettings, { options, clock }: MeasureDeps): Promise<ServerUnderTest> {
  if (options.url !== undefined || options.attachFile !== undefined) return attachServer(await attachOptions(options));
  const folder = profileFolder(name, options);
  return spawnServer({
    clock,
    main: options.main ?? fileURLToPath(new URL('../../../services/standalone/dist/main.js', import.meta.url)),
    nodeArguments: [...options.nodeArguments, ...(folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`])],
    listener: options.listener,
    dataParent: options.dataParent,
    roomRate,
  });
}

/** A new folder for each measurement, so that profiles of an earlier one are not read again. */
function profileFolder(name: string, { profile }: BenchOptions): string | undefined {
  if (profile === undefined) return undefined;
  const folder = resolve(profile, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The clock that profiles are stamped with: the same in all processes of a machine. */
const monotonicUs = (): number => Number(process.hrtime.bigint() / 1000n);

async function attachOptions({ attachFile, url, adminUrl, pids, isCluster, app, secret, kid }: BenchOptions): Promise<AttachOptions> {
  const found = attachFile === undefined ? {} : await readAttachFile(attachFile);
  const need = (name: string, value: string | undefined): string => {
    if (value === undefined) throw new Error(`--${name} is missing`);
    return value;
  };
  return {
    urls: url === undefined ? (found.urls ?? [need('url', undefined)]) : url.split(','),
    adminUrl: adminUrl ?? found.adminUrl,
    adminKey: found.adminKey,
    metricsUrls: found.metricsUrls,
    isCluster,
    pids: pids.length > 0 ? pids : (found.pids ?? []),
    app: need('app', app ?? found.app),
    secret: need('secret', secret ?? found.secret),
    kid: need('kid', kid ?? found.kid),
  };
}
