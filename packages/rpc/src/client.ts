import type { BidiStream, CallOptions, MethodDescriptor, ServiceClient, ServiceDescriptor } from './port.js';

/** How a transport makes calls; messages are opaque to it. */
export interface ClientTransport {
  unary(method: MethodDescriptor, request: unknown, options: CallOptions): Promise<unknown>;
  bidi(method: MethodDescriptor, options: CallOptions): BidiStream<unknown, unknown>;
}

const noOptions: CallOptions = {};

/** A typed client for a service on top of a transport. */
export function createClient<S extends ServiceDescriptor>(service: S, transport: ClientTransport): ServiceClient<S> {
  const client: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(service.methods)) {
    client[key] =
      method.kind === 'unary'
        ? (request: unknown, options = noOptions) => transport.unary(method, request, options)
        : (options = noOptions) => transport.bidi(method, options);
  }
  return client as ServiceClient<S>;
}
