import { afterEach, describe, expect, it } from '@jest/globals';
import { type Context, type Span as ApiSpan, type SpanOptions, trace, type Tracer } from '@opentelemetry/api';
import { createNodeTelemetry } from './node-telemetry.js';

function arrange(level: 'info' | 'debug' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const telemetry = createNodeTelemetry({
    level,
    fields: { peer: 'p1' },
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    measuresProcess: false,
  });
  return { telemetry, lines };
}

describe('the logger', () => {
  it('writes lines of JSON with level, time, fields and cause', () => {
    const { telemetry, lines } = arrange();
    telemetry.logger.child({ service: 'router' }).error('append failed', { partition: 3 }, new Error('disk', { cause: new Error('full') }));
    expect(lines[0]).toMatchObject({ level: 'error', msg: 'append failed', peer: 'p1', service: 'router', partition: 3 });
    expect(lines[0]?.['err']).toMatchObject({ type: 'Error', message: expect.stringContaining('full') });
    expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('leaves out what is below its level', () => {
    const { telemetry, lines } = arrange();
    telemetry.logger.debug('detail');
    telemetry.logger.info('started');
    telemetry.logger.warn('odd', undefined, 'a text as cause');
    expect(lines.map((line) => line['msg'])).toEqual(['started', 'odd']);
  });
});

describe('the metrics', () => {
  it('count, with and without labels, over several readings', async () => {
    const { telemetry } = arrange();
    const sends = telemetry.metrics.counter('parley_sends_total', 'Sends.', ['lane', 'result']);
    const high = sends.with('high', 'ok');
    high.add(2);
    expect(await telemetry.readMetrics()).toContain('parley_sends_total{lane="high",result="ok"} 2');
    high.add(1);
    sends.add(1, 'low', 'shed');
    telemetry.metrics.counter('parley_starts_total', 'Starts.').add(1);
    const text = await telemetry.readMetrics();
    expect(text).toContain('parley_sends_total{lane="high",result="ok"} 3');
    expect(text).toContain('parley_sends_total{lane="low",result="shed"} 1');
    expect(text).toContain('parley_starts_total 1');
  });

  it('give the same child for the same labels', () => {
    const { telemetry } = arrange();
    const counter = telemetry.metrics.counter('parley_a_total', 'A.', ['lane']);
    expect(counter.with('high')).toBe(counter.with('high'));
    expect(() => counter.with()).toThrow(/expected values for \(lane\)/);
  });

  it('read observed gauges when asked, and keep set ones', async () => {
    const { telemetry } = arrange();
    let size = 1;
    telemetry.metrics.gauge('parley_queue_size', 'Size.', ['lane']).observe(() => size, 'high');
    telemetry.metrics.gauge('parley_owned', 'Owned.').set(4);
    size = 7;
    const text = await telemetry.readMetrics();
    expect(text).toContain('parley_queue_size{lane="high"} 7');
    expect(text).toContain('parley_owned 4');
  });

  it('put values into buckets', async () => {
    const { telemetry } = arrange();
    const histogram = telemetry.metrics.histogram('parley_append_ms', 'Append.', [1, 10], ['topic']);
    histogram.record(0.5, 'timeline');
    histogram.with('timeline').record(5);
    const text = await telemetry.readMetrics();
    expect(text).toContain('parley_append_ms_bucket{le="1",topic="timeline"} 1');
    expect(text).toContain('parley_append_ms_bucket{le="10",topic="timeline"} 2');
  });

  it('share a name between services, and refuse other labels for it', () => {
    const { telemetry } = arrange();
    const first = telemetry.metrics.counter('parley_a_total', 'A.', ['lane']);
    expect(telemetry.metrics.counter('parley_a_total', 'A.', ['lane'])).toBe(first);
    expect(() => telemetry.metrics.counter('parley_a_total', 'A.')).toThrow(/has the labels \(lane\)/);
  });

  it('measure the process by default', async () => {
    const telemetry = createNodeTelemetry({ level: 'error', fields: {} });
    expect(await telemetry.readMetrics()).toContain('process_cpu_seconds_total');
    expect(telemetry.metricsContentType).toContain('text/plain');
  });
});

describe('spans', () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  afterEach(() => trace.disable());

  it('hand the traceparent on when no SDK is there', () => {
    const span = arrange().telemetry.span('send', traceparent);
    expect(span.traceparent).toBe(traceparent);
    span.end(new Error('x'));
  });

  it('do nothing without a valid traceparent', () => {
    const { telemetry } = arrange();
    for (const text of ['', 'garbage', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`])
      expect(telemetry.span('send', text).traceparent).toBe('');
  });

  it('open a child of the traceparent in the registered SDK', () => {
    const opened: string[] = [];
    const failures: unknown[] = [];
    const child = { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1 };
    const startSpan = (name: string, _options: SpanOptions = {}, context?: Context): ApiSpan => {
      opened.push(`${name} below ${context === undefined ? '' : trace.getSpanContext(context)?.spanId}`);
      const inner = trace.wrapSpanContext(child);
      inner.recordException = (failure) => failures.push(failure);
      return inner;
    };
    const tracer: Tracer = { startSpan, startActiveSpan: () => undefined as never };
    trace.setGlobalTracerProvider({ getTracer: () => tracer });
    const span = arrange().telemetry.span('send', traceparent);
    span.end(new Error('refused'));
    expect(opened).toEqual([`send below ${'b'.repeat(16)}`]);
    expect(span.traceparent).toBe(`00-${'a'.repeat(32)}-${'c'.repeat(16)}-01`);
    expect(failures).toEqual([new Error('refused')]);
  });
});
