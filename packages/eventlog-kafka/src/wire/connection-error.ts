/** A request got no answer. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Whether the broker may have seen the request. */
  readonly wasSent: boolean;
  /** Whether the broker said nothing at all, as a frozen one does, rather than ending the connection. */
  readonly isSilence: boolean;

  constructor(message: string, options: { readonly wasSent: boolean; readonly isSilence?: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.wasSent = options.wasSent;
    this.isSilence = options.isSilence ?? false;
  }
}
