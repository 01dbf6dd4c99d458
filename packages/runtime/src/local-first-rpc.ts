import type { InProcessRpc, RpcDialer, RpcServer } from '@parley/rpc';

export interface NetworkRpc {
  readonly server: RpcServer;
  readonly dialer: RpcDialer;
}

/** Service calls over the network, except that calls of a process to itself stay inside it. */
export function localFirstRpc(network: NetworkRpc, inProcess: InProcessRpc): NetworkRpc {
  const { address } = network.server;
  const local = inProcess.server(address);
  return {
    server: {
      address,
      serve: (service, handlers) => {
        network.server.serve(service, handlers);
        local.serve(service, handlers);
      },
      [Symbol.asyncDispose]: async () => {
        await Promise.all([network.server[Symbol.asyncDispose](), local[Symbol.asyncDispose]()]);
      },
    },
    dialer: {
      client: (service, to) => (to === address ? inProcess.dialer : network.dialer).client(service, to),
      [Symbol.asyncDispose]: async () => {
        await Promise.all([network.dialer[Symbol.asyncDispose](), inProcess.dialer[Symbol.asyncDispose]()]);
      },
    },
  };
}
