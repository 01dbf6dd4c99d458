/** Whether objects and lists of a JSON value are nested at most so deep. Looks no deeper than that itself. */
export function isAtMostDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  // A list of numbers may be long; its items need no look of their own.
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof item === 'object' && !isAtMostDeep(item, levels - 1)) return false;
  }
  return true;
}
