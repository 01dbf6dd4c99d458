import type { Metrics } from '@parley/telemetry';

/** The gateway's metrics. Labels: result of a login, error name, level, stage, door, close reason; never ids. */
export function createGatewayMetrics(metrics: Metrics) {
  return {
    connections: metrics.gauge('parley_gateway_connections', 'Open connections'),
    sessions: metrics.gauge('parley_gateway_sessions', 'Sessions, those kept for resume included'),
    channels: metrics.gauge('parley_gateway_channels', 'Subscribed group and room channels'),
    handshakesRefused: metrics.counter('parley_gateway_handshakes_refused_total', 'Refused handshakes', ['status']),
    logins: metrics.counter('parley_gateway_logins_total', 'Logins by result', ['result']),
    framesIn: metrics.counter('parley_gateway_frames_in_total', 'Frames from clients').with(),
    requests: metrics.counter('parley_gateway_requests_total', 'Requests that services answer, by kind and error', ['request', 'error']),
    refusals: metrics.counter('parley_gateway_refusals_total', 'Refused frames by error', ['error']),
    deliveries: metrics.counter('parley_gateway_deliveries_total', 'Events heard from routers, for whatever number of members').with(),
    messagesOut: metrics.counter('parley_gateway_messages_out_total', 'WebSocket messages to clients').with(),
    bytesOut: metrics.counter('parley_gateway_bytes_out_total', 'Bytes of messages to clients').with(),
    admitted: metrics.counter('parley_gateway_admitted_total', 'Messages put into lanes', ['level']),
    outcomes: metrics.counter('parley_gateway_outcomes_total', 'What became of admitted messages', ['result']),
    notAdmitted: metrics.counter('parley_gateway_not_admitted_total', 'Messages refused for their rate or for load', ['door', 'level']),
    shed: metrics.counter('parley_gateway_shed_total', 'Transient messages turned away, or not sent to slow clients', ['stage', 'level']),
    loopLag: metrics.gauge('parley_gateway_loop_lag_ms', 'How late timers are while there is traffic'),
    marked: metrics.counter('parley_gateway_marked_total', 'Stored events that slow clients must fetch').with(),
    closes: metrics.counter('parley_gateway_closes_total', 'Connections closed by the gateway', ['reason']),
    faults: metrics.counter('parley_gateway_faults_total', 'Unexpected failures', ['where']),
  };
}

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;
