import { rmSync } from 'node:fs';
import type { JvmNode } from './jvm-node.js';

/** What both engines hand out. Nodes are numbered from 1; a number that does not exist throws RangeError. */
export interface ClusterHandle extends AsyncDisposable {
  readonly nodes: number;
  readonly version: string;
  /** Where data and logs are. */
  readonly folder: string;
  pid(node: number): number | undefined;
  /** All that the node has printed. */
  logs(node: number): string;
  /** kill -9. */
  kill(node: number): Promise<void>;
  /** SIGSTOP: the node holds its connections and answers nothing. */
  pause(node: number): void;
  /** SIGCONT. */
  resume(node: number): void;
  /** Starts the node again; one that still runs is ended in good order first. */
  restart(node: number): Promise<void>;
  /** Ends all nodes. Temporary data goes too, and is not worth an orderly end by default. */
  stop(options?: { readonly orderly?: boolean }): Promise<void>;
}

/** Where the nodes' data is and whether it goes with them. */
export interface ClusterFacts {
  readonly version: string;
  readonly folder: string;
  readonly isTemporary: boolean;
}

/** A handle over started or starting nodes. */
export function clusterHandle(members: readonly JvmNode[], facts: ClusterFacts): ClusterHandle {
  const { folder, version, isTemporary } = facts;
  const node = (number: number): JvmNode => {
    const found = members[number - 1];
    if (!found) throw new RangeError(`there is no node ${number}`);
    return found;
  };
  const stop = async ({ orderly = !isTemporary } = {}): Promise<void> => {
    await Promise.all(members.map((member) => (orderly ? member.stop() : member.kill())));
    if (isTemporary) rmSync(folder, { recursive: true, force: true });
  };
  return {
    nodes: members.length,
    version,
    folder,
    pid: (number) => node(number).pid,
    logs: (number) => node(number).logs,
    kill: (number) => node(number).kill(),
    pause: (number) => node(number).signal('SIGSTOP'),
    resume: (number) => node(number).signal('SIGCONT'),
    restart: (number) => node(number).restart(),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}
