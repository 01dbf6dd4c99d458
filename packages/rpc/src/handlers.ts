import { ParleyError } from '@parley/kernel';
import type { BidiStream, CallContext, MethodDescriptor, ServiceDescriptor, ServiceHandlers } from './port.js';

type AnyHandler = (input: unknown, context: CallContext) => Promise<unknown>;
type UnaryHandler = (request: unknown, context: CallContext) => Promise<unknown>;
type BidiHandler = (stream: BidiStream<unknown, unknown>, context: CallContext) => Promise<unknown>;

/** A method of a service together with what answers it. Handlers never throw synchronously. */
export type BoundMethod =
  | { readonly type: 'unary'; readonly method: MethodDescriptor; readonly handle: UnaryHandler }
  | { readonly type: 'bidi'; readonly method: MethodDescriptor; readonly handle: BidiHandler };

/** Told about what no handler should throw: everything that is not a ParleyError. */
export type FaultListener = (method: string, fault: unknown) => void;

/**
 * The methods of a service by their name in the contract, for a transport; throws when a handler is
 * missing. What a handler throws becomes a ParleyError; `onFault` is told when it was none.
 */
export function bindHandlers<S extends ServiceDescriptor>(
  service: S,
  handlers: ServiceHandlers<S>,
  onFault: FaultListener,
): ReadonlyMap<string, BoundMethod> {
  // The types guarantee that each handler fits its method; from here on messages are opaque.
  const opaque = handlers as unknown as Readonly<Record<string, AnyHandler | undefined>>;
  const bound = new Map<string, BoundMethod>();
  for (const [key, method] of Object.entries(service.methods)) {
    const handler = opaque[key]?.bind(handlers);
    if (handler === undefined) throw new Error(`${service.typeName}: no handler for ${key}`);
    const path = `${service.typeName}/${method.name}`;
    const handle: AnyHandler = async (input, context) => {
      try {
        return await handler(input, context);
      } catch (thrown) {
        if (!(thrown instanceof ParleyError)) onFault(path, thrown);
        throw ParleyError.from(thrown);
      }
    };
    bound.set(method.name, { type: method.kind, method, handle });
  }
  return bound;
}
