import { kafkaVersions } from '@parley/engines';
import { eventLogContract } from '@parley/eventlog/contract';
import { describeKafka, newPrefix } from './kafka-under-test.js';

for (const version of kafkaVersions) {
  describeKafka(`Kafka ${version}`, { version }, (kafka) => {
    eventLogContract(`Kafka ${version}`, {
      isDurable: true,
      timeoutMs: 30_000,
      open: async () => {
        const prefix = newPrefix();
        let log = kafka.open({ prefix });
        return {
          log,
          reopen: async () => {
            await log[Symbol.asyncDispose]();
            log = kafka.open({ prefix });
            return log;
          },
          close: () => log[Symbol.asyncDispose](),
        };
      },
    });
  });
}
