/** The cluster could not be reached, or has no leader, for too long. Of an append: the records are not in the log. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
}
