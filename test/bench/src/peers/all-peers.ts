import { ejabberd } from './ejabberd.js';
import { nats, natsJetStream } from './nats.js';
import type { Peer } from './peer.js';
import { socketIo } from './socket-io.js';

const all: readonly Peer[] = [socketIo, nats, natsJetStream, ejabberd];

/** The peers with these names; `all` stands for every one. Throws an Error in words for a name that is not known. */
export function peersNamed(names: readonly string[]): readonly Peer[] {
  if (names.includes('all')) return all;
  return names.map((name) => {
    const peer = all.find((each) => each.name === name);
    if (peer === undefined) throw new Error(`--against: expected some of ${all.map((each) => each.name).join(', ')} or all, found ${name}`);
    return peer;
  });
}
