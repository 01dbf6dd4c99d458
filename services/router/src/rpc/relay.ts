import type { RelayRequest, RelayResponseInit } from '@parley/contracts/router';
import type { BidiStream } from '@parley/rpc';
import type { FanOut } from '../fanout/fan-out.js';
import type { Relays } from '../fanout/relays.js';

/**
 * Takes over events from another router. One that came to a former owner of the channel is delivered to
 * those who still listen here and goes on to the present owner.
 */
export async function serveRelay(
  { fanOut, relays }: { readonly fanOut: FanOut; readonly relays: Relays },
  stream: BidiStream<RelayRequest, RelayResponseInit>,
): Promise<void> {
  let received = 0;
  let sender = '';
  for await (const request of stream.incoming) {
    if (sender === '') sender = request.peer;
    for (const delivery of request.deliveries) {
      fanOut.deliver(delivery);
      for (const channel of delivery.channels) {
        if (relays.isElsewhere(delivery.app, channel) && relays.ownerOf(delivery.app, channel)?.peer !== sender) {
          relays.send(delivery.app, channel, { ...delivery, channels: [channel] });
        }
      }
    }
    received += request.deliveries.length;
    if (request.deliveries.length > 0) stream.send({ received });
  }
  stream.end();
}
