import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';

/** Which of the users have no connected session. */
export async function awayAmong(router: PushDeps['router'], app: string, users: Iterable<string>): Promise<ReadonlySet<string>> {
  const away = new Set(users);
  const asked = [...away];
  for (let start = 0; start < asked.length; start += pushLimits.presenceUsers) {
    const { online } = await router.queryPresence({ app, users: asked.slice(start, start + pushLimits.presenceUsers) });
    for (const user of online) away.delete(user);
  }
  return away;
}
