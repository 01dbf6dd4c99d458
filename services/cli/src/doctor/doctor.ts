import { type Config, ConfigError, loadConfig } from '@parley/config';
import type { Output } from '../output.js';
import { checkDataDir, checkEdge, checkJava, checkNode, checkOpenFiles } from './check-machine.js';
import { checkPort, checkReachable } from './check-network.js';
import { type Finding, fine, problem } from './finding.js';

/** Everything that is looked at, in the order in which it should be put right. */
export async function examine(load: () => { readonly config: Config; readonly file: string } = loadConfig): Promise<readonly Finding[]> {
  const machine = [checkNode(), checkEdge(), await checkOpenFiles()];
  try {
    const { config, file } = load();
    const settings = fine('configuration', `${config.mode}, ${file === '' ? 'no file' : file}`);
    return [...machine, settings, ...(await examineConfig(config)), await checkJava()];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((detail) => problem('configuration', detail, 'see parley config'));
    return [...machine, ...problems, await checkJava()];
  }
}

async function examineConfig(config: Config): Promise<readonly Finding[]> {
  const ports = [await checkPort('edge', config.edge), await checkPort('admin', config.admin)];
  if (config.mode === 'embedded') return [checkDataDir(config.dataDir), ...ports];
  const { contactPoints, port } = config.cassandra;
  const nodes = contactPoints.map((host) => (/:\d+$/.test(host) ? host : `${host}:${port}`));
  return [
    ...ports,
    await checkPort('rpc', config.rpc),
    ...(await checkReachable('Kafka', config.kafka.brokers, 'PARLEY_KAFKA_BROKERS')),
    ...(await checkReachable('Cassandra', nodes, 'PARLEY_CASSANDRA_CONTACT_POINTS')),
  ];
}

const marks = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' } as const;

/** Prints the findings; false when there is a problem among them. */
export function printFindings(findings: readonly Finding[], output: Output): boolean {
  for (const { check, status, detail, advice } of findings) {
    output.line(`${marks[status]} ${check}: ${detail}`);
    if (advice !== undefined) output.line(`        → ${advice}`);
  }
  const problems = findings.filter(({ status }) => status === 'problem').length;
  output.line(problems === 0 ? 'Ready.' : `${problems} ${problems === 1 ? 'problem' : 'problems'} to solve.`);
  return problems === 0;
}
