/** The part of a .cpuprofile (Chrome DevTools protocol, Profiler.Profile) that is read here; times in µs of the monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Time spans that count, from and to, µs of the monotonic clock. */
export type Spans = readonly (readonly [number, number])[];

export interface HotFunction {
  /** Name and place, e.g. `decode (wire/dist/frame.js:12)`. */
  readonly name: string;
  readonly selfMs: number;
  /** The function and what it called. */
  readonly totalMs: number;
}

/** Functions by their own time within the spans, most first, time without work left out. */
export function hotFunctions(profile: CpuProfile, spans: Spans): readonly HotFunction[] {
  const self = selfMsByNode(profile, spans);
  const found = new Map<string, { selfMs: number; totalMs: number }>();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const visit = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const name = nameOf(node);
    const within = above.has(name) ? above : new Set([...above, name]);
    const ownMs = self.get(node.id) ?? 0;
    let totalMs = ownMs;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) totalMs += visit(child, within);
    }
    const sum = found.get(name) ?? { selfMs: 0, totalMs: 0 };
    // Of a function that calls itself only the outermost call counts.
    found.set(name, { selfMs: sum.selfMs + ownMs, totalMs: sum.totalMs + (above.has(name) ? 0 : totalMs) });
    return totalMs;
  };
  const root = profile.nodes[0];
  if (root !== undefined) visit(root, new Set());
  return [...found]
    .map(([name, times]) => ({ name, ...times }))
    .filter(({ name, selfMs }) => selfMs > 0 && name !== '(idle)')
    .sort((a, b) => b.selfMs - a.selfMs);
}

/** Own time by package or service, most first: where the time goes before one looks at functions. */
export function hotPackages(functions: readonly HotFunction[]): readonly { readonly name: string; readonly selfMs: number }[] {
  const found = new Map<string, number>();
  for (const { name, selfMs } of functions) {
    const place = /\(((?:node:|@[^/]+\/)?[^/:)]+)[^)]*\)$/.exec(name)?.[1] ?? '(native)';
    const key = name.startsWith('(garbage') ? name : place.startsWith('node:') ? 'node' : place;
    found.set(key, (found.get(key) ?? 0) + selfMs);
  }
  return [...found].map(([name, selfMs]) => ({ name, selfMs })).sort((a, b) => b.selfMs - a.selfMs);
}

function selfMsByNode({ samples, timeDeltas, startTime }: CpuProfile, spans: Spans): ReadonlyMap<number, number> {
  const self = new Map<number, number>();
  let at = startTime;
  samples.forEach((id, i) => {
    at += timeDeltas[i] ?? 0;
    // A sample stands for the time until the next one.
    const lastsUs = timeDeltas[i + 1] ?? 0;
    if (spans.some(([from, to]) => at >= from && at <= to)) self.set(id, (self.get(id) ?? 0) + lastsUs / 1000);
  });
  return self;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = /(?:packages|services|node_modules)\/(.*)$/.exec(url)?.[1] ?? url;
  return `${functionName === '' ? '(anonymous)' : functionName}${place === '' ? '' : ` (${place}:${lineNumber + 1})`}`;
}
