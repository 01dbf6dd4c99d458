import { isSpanContextValid, ROOT_CONTEXT, type SpanContext, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span } from '@parley/telemetry';

const untraced: Span = { traceparent: '', end: () => {} };
// W3C Trace Context, section 3.2: version, trace-id, parent-id, trace-flags.
const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * A span below the traceparent, for whatever OpenTelemetry SDK is registered in the process. Without one it
 * does nothing but hand the traceparent on; without a valid traceparent it does nothing at all.
 */
export function openSpan(name: string, traceparent: string): Span {
  if (traceparent === '') return untraced;
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return untraced;
  const span = trace.getTracer('parley').startSpan(name, {}, trace.setSpanContext(ROOT_CONTEXT, parent));
  return {
    traceparent: formatTraceparent(span.spanContext()),
    end: (error) => {
      if (error !== undefined) {
        span.recordException(error instanceof Error ? error : String(error));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}

function parseTraceparent(text: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = traceparentPattern.exec(text) ?? [];
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

const formatTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
