import type { ErrorName } from '@parley/kernel';
import type { Telemetry } from '@parley/telemetry';

/** What happens to users, for operators. */
export interface UserEvents {
  stepped(step: string, error: ErrorName | ''): void;
  /** Friends were not told of a changed profile. */
  friendsNotTold(app: string, error: unknown): void;
  erasing(app: string, part: string, error: unknown): void;
  erased(app: string, conversations: number): void;
}

export function createUserEvents({ metrics, logger }: Telemetry): UserEvents {
  const steps = metrics.counter('parley_user_steps_total', 'Steps of users towards others.', ['step', 'error']);
  const erasures = metrics.counter('parley_user_erasures_total', 'Users of whom everything is erased.').with();
  return {
    stepped: (step, error) => steps.add(1, step, error),
    friendsNotTold: (app, error) => logger.warn('friends were not told of a changed profile', { app }, error),
    erasing: (app, part, error) => logger.warn('an erasure will have to be repeated', { app, part }, error),
    erased(app, conversations) {
      erasures.add(1);
      logger.info('erased a user', { app, conversations });
    },
  };
}
