/** Length of tests that repeat something: `npm test` runs them short, `npm test -- --soak` in full. */
export function soakRounds({ short, full }: { readonly short: number; readonly full: number }): number {
  return process.env['PARLEY_TEST_SOAK'] === 'full' ? full : short;
}
