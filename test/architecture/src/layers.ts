import type { SourceFile } from './source-files.js';

/** docs/ARCHITECTURE.md, "Packages and layers": imports point to a lower layer only. */
const layers: readonly (readonly string[])[] = [
  ['kernel'],
  ['wire', 'contracts', 'fold', 'domain', 'lanes', 'config', 'telemetry'],
  ['eventlog', 'store', 'rpc', 'ownedlog', 'edge-listener', 'sdk'],
  ['router-client', 'aggregates', 'eventlog-kafka', 'store-cassandra', 'rpc-grpc', 'telemetry-node', 'engines', 'testkit'],
  ['runtime'],
  [
    'service-gateway',
    'service-router',
    'service-group',
    'service-room',
    'service-history',
    'service-push',
    'service-user',
    'service-media',
    'cli',
  ],
  ['standalone'],
];

/**
 * Within a layer only these go together: contracts spell types of wire, domain decides about both and fold folds the one; an owned log
 * is made of an event log; test deployments end their processes as the engines do.
 */
const sameLayer: ReadonlySet<string> = new Set([
  'contracts>wire',
  'domain>wire',
  'domain>contracts',
  'fold>wire',
  'domain>fold',
  'ownedlog>eventlog',
  'aggregates>router-client',
  'testkit>engines',
]);
const adapters: ReadonlySet<string> = new Set(['eventlog-kafka', 'store-cassandra', 'rpc-grpc', 'telemetry-node']);
const mayKnowAdapters: ReadonlySet<string> = new Set(['runtime', 'cli']);

const layerOf = (name: string): number => layers.findIndex((names) => names.includes(name));

/** The package that a source file belongs to, as it is imported: `kernel`, `service-router`. */
export function packageOf(path: string): string {
  const [kind, name = ''] = path.split('/');
  return kind === 'services' && name !== 'cli' && name !== 'standalone' ? `service-${name}` : name;
}

const importOf = /(?:^|\n)\s*(?:import|export)[^'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Module names that a file imports, statically or dynamically. */
export const importsOf = (text: string): string[] => [...text.matchAll(importOf)].map((match) => match[1] ?? match[2] ?? '');

const isTest = (path: string): boolean => /\.test\.ts$|\/contract\/|\/testing\//.test(path);

/** What the file imports and should not. */
export function layerViolations({ path, text }: SourceFile): readonly string[] {
  const from = packageOf(path);
  if (layerOf(from) < 0) return [`${path}: package ${from} has no layer`];
  if (isTest(path)) return [];
  return importsOf(text).flatMap((target) => {
    const to = /^@parley\/([^/]+)/.exec(target)?.[1];
    if (to === undefined || to === from) return [];
    const isLower = layerOf(to) >= 0 && layerOf(to) < layerOf(from);
    if (!isLower && !sameLayer.has(`${from}>${to}`)) return [`${path}: ${from} must not import ${to}`];
    if (adapters.has(to) && !mayKnowAdapters.has(from)) return [`${path}: only runtime knows the adapter ${to}`];
    return [];
  });
}
