import { GatewayService } from '@parley/contracts/gateway';
import { ParleyError } from '@parley/kernel';
import type { CallOptions, OwnerDirectory, RoutedClient, RpcDialer, ServiceClient } from '@parley/rpc';
import { gatewayService } from './publish-process.js';

/** How long one gateway may keep the callers of all gateways waiting. */
const answerWithinMs = 3_000;

/**
 * Calls every gateway, for a user may be connected to any, and joins the answers. A gateway that is gone, or has just
 * started and does not serve yet, counts as one without sessions. When one does not answer, the call fails once all others were asked: TIMEOUT, since nobody knows.
 */
export function createGatewayClient(dialer: RpcDialer, directory: OwnerDirectory): RoutedClient<typeof GatewayService> {
  type Gateway = ServiceClient<typeof GatewayService>;
  const ask = async <T>(options: CallOptions | undefined, call: (gateway: Gateway, options: CallOptions) => Promise<T>): Promise<T[]> => {
    const timeoutMs = Math.min(options?.timeoutMs ?? answerWithinMs, answerWithinMs);
    const asked = directory
      .peersOf(gatewayService)
      .map(({ address }) => call(dialer.client(GatewayService, address), { ...options, timeoutMs }));
    const answers = await Promise.allSettled(asked);
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [ParleyError.from(answer.reason)] : []));
    const failure = failures.find(({ error }) => error !== 'UNAVAILABLE' && error !== 'UNSUPPORTED');
    if (failure !== undefined) throw failure;
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  };
  return {
    listSessions: async (request, options) => {
      const answers = await ask(options, (gateway, call) => gateway.listSessions(request, call));
      return { sessions: answers.flatMap(({ sessions }) => sessions) };
    },
    disconnect: async (request, options) => {
      const answers = await ask(options, (gateway, call) => gateway.disconnect(request, call));
      return { sessions: answers.reduce((sum, { sessions }) => sum + sessions, 0) };
    },
  };
}
