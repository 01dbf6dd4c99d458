import { type LaneLoad, LinkClass, type Subscribe } from '@parley/contracts/router';
import { ParleyError } from '@parley/kernel';
import type { FanOut } from '../fanout/fan-out.js';
import type { LinkStream } from '../fanout/link-buffer.js';
import type { PeerLinks } from '../fanout/peer-links.js';

export interface LinkDeps {
  readonly fanOut: FanOut;
  /** Head of a channel's conversation; 0 for user channels; undefined when this process does not own the channel. */
  readonly headOf: (app: string, channel: string) => Promise<number | undefined>;
  /** How long lanes wait, as the other linked processes were told last. */
  readonly loads: () => readonly LaneLoad[];
}

/** Serves one stream of a linked process, until either side ends it. */
export async function serveLink({ fanOut, headOf, loads }: LinkDeps, stream: LinkStream): Promise<void> {
  let links: PeerLinks | undefined;
  try {
    for await (const request of stream.incoming) {
      if (links === undefined) {
        if (request.hello === undefined) throw new ParleyError('INVALID_ARGUMENT', 'the first message of a link is a hello');
        links = fanOut.peer(request.hello.peer);
        links.attach(request.hello.linkClass, stream);
        stream.send({});
        if (request.hello.linkClass !== LinkClass.NORMAL && loads().length > 0) stream.send({ loads: loads() });
      }
      const peer = links;
      for (const { app, channel } of request.unsubscribe) fanOut.channels.unsubscribe(peer, app, channel);
      for (const subscription of request.subscribe) void subscribe(fanOut, peer, { subscription, headOf });
    }
  } finally {
    stream.end();
    if (links?.detach(stream)) fanOut.dropPeer(links);
  }
}

/** Subscribes first and looks at the head then: what comes after that head is delivered. */
async function subscribe(
  fanOut: FanOut,
  links: PeerLinks,
  { subscription, headOf }: { readonly subscription: Subscribe; readonly headOf: LinkDeps['headOf'] },
): Promise<void> {
  const { app, channel, isConnected } = subscription;
  fanOut.channels.subscribe(links, app, channel, isConnected);
  const headSeq = await headOf(app, channel).catch(() => undefined);
  if (headSeq === undefined) fanOut.channels.unsubscribe(links, app, channel);
  links.subscribed({ app, channel, headSeq, isOwner: headSeq !== undefined });
  fanOut.touch(links);
}
