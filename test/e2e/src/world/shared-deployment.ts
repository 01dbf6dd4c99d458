import type { Deployment } from '@parley/testkit';

/**
 * Lets several suites of one file share a deployment, which takes long to start: it is started with the first and taken
 * down when as many as `users` have let go of it.
 */
export function shareDeployment(start: () => Promise<Deployment>, users: number): () => Promise<Deployment> {
  let starting: Promise<Deployment> | undefined;
  let left = users;
  return async () => {
    starting ??= start();
    const deployment = await starting;
    return {
      ...deployment,
      [Symbol.asyncDispose]: async () => {
        left--;
        if (left === 0) await deployment[Symbol.asyncDispose]();
      },
    };
  };
}
