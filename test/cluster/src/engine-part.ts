import { sleep, systemClock } from '@parley/kernel';
import type { CassandraCluster, KafkaCluster } from '@parley/engines';
import type { DeployedPart } from '@parley/testkit';

const outputChars = 64 * 1024;
const lookEveryMs = 20;
const stopWithinMs = 15_000;

/** A node of Kafka or Cassandra as a part of a deployment. */
export function enginePart(name: string, engine: KafkaCluster | CassandraCluster, node: number): DeployedPart {
  const livingPid = (): number | undefined => {
    const pid = engine.pid(node);
    return pid !== undefined && isAlive(pid) ? pid : undefined;
  };
  return {
    name,
    get pid() {
      return livingPid();
    },
    get output() {
      return engine.logs(node).slice(-outputChars);
    },
    kill: () => engine.kill(node),
    freeze: () => engine.pause(node),
    thaw: () => engine.resume(node),
    start: () => engine.restart(node),
    stop: async () => {
      const pid = livingPid();
      if (pid === undefined) return;
      engine.resume(node);
      process.kill(pid, 'SIGTERM');
      const deadline = systemClock.monotonic() + stopWithinMs;
      while (isAlive(pid) && systemClock.monotonic() < deadline) await sleep(systemClock, lookEveryMs);
      await engine.kill(node);
    },
  };
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
