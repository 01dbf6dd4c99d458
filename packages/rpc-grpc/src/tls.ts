import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';

/** Mutual TLS between processes, all in PEM: who is let in shows a certificate that `ca` has signed. */
export interface GrpcTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Plain text when there is no TLS. */
export function serverCredentials(tls: GrpcTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  return ServerCredentials.createSsl(Buffer.from(tls.ca), [pair], true);
}

/** Plain text when there is no TLS. */
export function channelCredentials(tls: GrpcTls | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert));
}
