export * from './grpc-dialer.js';
export * from './grpc-server.js';
export * from './limits.js';
export type { GrpcTls } from './tls.js';
