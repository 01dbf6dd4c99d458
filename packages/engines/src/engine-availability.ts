import { spawnSync } from 'node:child_process';
import { findJava } from './java.js';

/** What each engine still needs on this machine, in words; empty when it can start. */
export interface EngineAvailability {
  readonly kafka: readonly string[];
  readonly cassandra: readonly string[];
}

let maven: boolean | undefined;

/**
 * Says what is missing, so that a test can tell why it is skipped. Maven is asked for even when the jars are in
 * the cache already: a cache of another Java version would need it.
 */
export function engineAvailability(): EngineAvailability {
  maven ??= spawnSync('mvn', ['--version'], { stdio: 'ignore' }).status === 0;
  const java = findJava();
  const withoutMaven = maven ? [] : ['Maven ("mvn") is not installed'];
  const withoutJava = java ? [] : ['Java is not installed (Java 17 is wanted; JAVA_HOME may point to it)'];
  const forKafka = java && java.major < 17 ? [`Kafka needs Java 17 or newer, found ${java.version}`] : [];
  const forCassandra = java && java.major !== 17 ? [`Cassandra 5.0 needs Java 17, found ${java.version}`] : [];
  return {
    kafka: [...withoutJava, ...forKafka, ...withoutMaven],
    cassandra: [...withoutJava, ...forCassandra, ...withoutMaven],
  };
}
