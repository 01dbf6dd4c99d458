import type { ChannelOptions } from '@grpc/grpc-js';
import { grpcLimits } from './limits.js';

/** gRPC adds five bytes to each message; the codec checks the exact limit. */
const frameBytesMax = grpcLimits.messageBytesMax + 5;

/** What both ends set: sizes, and pings that find a dead peer within seconds. */
export const commonOptions: ChannelOptions = {
  'grpc.max_receive_message_length': frameBytesMax,
  'grpc.max_send_message_length': frameBytesMax,
  'grpc.keepalive_time_ms': grpcLimits.keepaliveMs,
  'grpc.keepalive_timeout_ms': grpcLimits.keepaliveTimeoutMs,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc-node.flow_control_window': grpcLimits.windowBytes,
};

/** Callers retry themselves, knowing what is safe to repeat; reconnecting must be quick inside a cluster. */
export const clientOptions: ChannelOptions = {
  ...commonOptions,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': grpcLimits.reconnectFirstMs,
  'grpc.max_reconnect_backoff_ms': grpcLimits.reconnectLongestMs,
};
