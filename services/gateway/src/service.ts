import type { GatewayService as GatewayContract } from '@parley/contracts/gateway';
import { type EdgeConnection, type EdgeEvents, type EdgeListener, type HandshakeRequest, openEdgeListener } from '@parley/edge-listener';
import type { CancelTimer } from '@parley/kernel';
import type { ServiceHandlers } from '@parley/rpc';
import { subprotocols } from '@parley/wire';
import { drainConnections } from './drain.js';
import { createGatewayParts, type GatewayParts } from './gateway-parts.js';
import type { GatewayDeps } from './ports.js';
import { disconnect } from './rpc/disconnect.js';
import { listSessions } from './rpc/list-sessions.js';
import { ClientConnection } from './sessions/client-connection.js';

/** A running gateway. */
export interface GatewayService {
  /** Begins to listen; rejects when the port cannot be bound. */
  start(): Promise<void>;
  /** Takes no new connections and sends the others away, within the drain deadline. */
  drain(): Promise<void>;
  /** Ends everything at once. */
  stop(): Promise<void>;
  /** The port that was bound; 0 before start. */
  readonly port: number;
  /** Which WebSocket implementation serves; undefined before start. */
  readonly implementation: 'uws' | 'ws' | undefined;
  readonly handlers: ServiceHandlers<typeof GatewayContract>;
}

/** Makes a gateway; nothing happens before `start`, but for the way to the routers being built. */
export function createGatewayService(deps: GatewayDeps): GatewayService {
  return new Gateway(deps);
}

const secondMs = 1_000;
const guardTurnSeconds = 60;

class Gateway implements GatewayService {
  readonly handlers: ServiceHandlers<typeof GatewayContract>;
  readonly #deps: GatewayDeps;
  readonly #parts: GatewayParts;
  readonly #stopped = new AbortController();
  #listener: EdgeListener | undefined;
  #lastConnectionId = 0;
  #isDraining = false;
  #cancelSecond: CancelTimer | undefined;
  #seconds = 0;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    this.#parts = createGatewayParts(deps, {
      // Messages are made for connections only, and those come from the listener.
      prepare: (payload) => this.#openListener().prepare(payload),
      signal: this.#stopped.signal,
    });
    const { sessions, loginDesk } = this.#parts;
    this.handlers = {
      listSessions: async (request) => listSessions(sessions, request),
      disconnect: async (request) => disconnect(sessions, loginDesk, request),
    };
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get implementation(): 'uws' | 'ws' | undefined {
    return this.#listener?.implementation;
  }

  async start(): Promise<void> {
    const { listener, jsonCodec, telemetry } = this.#deps;
    const { limits } = this.#parts;
    this.#listener = await openEdgeListener(
      {
        host: listener.host,
        port: listener.port,
        messageBytesMax: limits.frameBytesMax,
        bufferBytesMax: limits.bufferBytesMax,
        subprotocols: jsonCodec === undefined ? [subprotocols.proto] : [subprotocols.proto, subprotocols.json],
        events: this.#edgeEvents(),
      },
      {
        implementation: listener.implementation ?? 'auto',
        onFallback: (reason) => telemetry.logger.warn('uWebSockets.js does not load, ws serves', { reason }),
      },
    );
    const { port, implementation } = this.#listener;
    telemetry.logger.info('gateway listens', { host: listener.host, port, implementation });
    this.#scheduleSecond();
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#listener?.stopAccepting();
    const { connections, outbound, limits } = this.#parts;
    const { clock, random } = this.#deps;
    await drainConnections({ connections, outbound, clock, random, limits }, this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#isDraining = true;
    this.#stopped.abort();
    this.#cancelSecond?.();
    await this.#listener?.[Symbol.asyncDispose]();
    this.#parts.outbound.stop();
    this.#parts.inbound.stop();
    this.#parts.loopLag.stop();
    await this.#parts.router[Symbol.asyncDispose]();
  }

  #openListener(): EdgeListener {
    if (this.#listener === undefined) throw new Error('the gateway has not been started');
    return this.#listener;
  }

  #edgeEvents(): EdgeEvents {
    const { connections, outbound } = this.#parts;
    return {
      handshake: (request) => this.#handshake(request),
      opened: (edge) => this.#opened(edge),
      message: (edge, data) => {
        if (edge.context instanceof ClientConnection) this.#receive(edge.context, data);
      },
      drained: (edge) => {
        if (edge.context instanceof ClientConnection) outbound.drained(edge.context);
      },
      closed: (edge) => {
        if (edge.context instanceof ClientConnection) connections.release(edge.context);
      },
    };
  }

  #handshake(request: HandshakeRequest): number | undefined {
    const { guard, connections, limits, metrics } = this.#parts;
    const isFull = this.#isDraining || connections.size >= limits.connectionsMax;
    const status = isFull ? 503 : guard.check(request, this.#deps.clock.monotonic());
    if (status !== undefined) metrics.handshakesRefused.add(1, String(status));
    return status;
  }

  #opened(edge: EdgeConnection): void {
    const isJson = edge.subprotocol === subprotocols.json;
    const connection = new ClientConnection(edge, ++this.#lastConnectionId, isJson, this.#deps.clock.monotonic());
    edge.context = connection;
    this.#parts.connections.add(connection);
    this.#parts.watch.add(connection);
  }

  /** A fault of ours ends the connection that brought it up, not the process. */
  #receive(connection: ClientConnection, data: Uint8Array | string): void {
    try {
      this.#parts.inbound.receive(connection, data);
    } catch (error) {
      this.#parts.metrics.faults.add(1, 'receive');
      this.#deps.telemetry.logger.error('a frame could not be handled', {}, error);
      this.#parts.connections.close(connection, 'INTERNAL');
    }
  }

  #scheduleSecond(): void {
    this.#cancelSecond = this.#deps.clock.setTimer(secondMs, () => {
      const nowMs = this.#deps.clock.monotonic();
      const { watch, sessions, channels, guard } = this.#parts;
      watch.turn();
      sessions.sweep(nowMs);
      channels.sweep(nowMs);
      if (++this.#seconds % guardTurnSeconds === 0) guard.turn();
      this.#scheduleSecond();
    });
  }
}
