import { sleep, systemClock } from '@parley/kernel';
import { type EdgeClient, type Level, SendTemplate } from '@parley/test-bench/protocol';
import { Priority } from '@parley/wire';
import type { Crowd } from './crowd.js';
import type { MessageBook } from './message-book.js';
import { percentile } from './words.js';

const levels: readonly Level[] = ['high', 'medium', 'low'];
const priorities: Readonly<Record<Level, Priority>> = { high: Priority.HIGH, medium: Priority.MEDIUM, low: Priority.LOW };
const stepMs = 20;
const textBytes = 60;

export interface Mix {
  /** Conversation. */
  readonly to: string;
  /** What is said in bullets, which are not stored; LOW by default. */
  readonly bullets?: readonly Level[];
  /** Messages per second of all members together. */
  readonly perSecond: Readonly<Record<Level, number>>;
  readonly seconds: number;
}

/**
 * Everybody sends in turn. Time in which this process did not run is left out instead of made up for; answers by how
 * much a hundredth of the steps was late, milliseconds.
 */
export async function offerMix(crowd: Crowd, book: MessageBook, { to, perSecond, seconds, bullets = ['low'] }: Mix): Promise<number> {
  const templateOf = (level: Level): SendTemplate =>
    new SendTemplate({ conversation: to, priority: priorities[level], isBullet: bullets.includes(level), textBytes });
  const templates = { high: templateOf('high'), medium: templateOf('medium'), low: templateOf('low') };
  const due = { high: 0, medium: 0, low: 0 };
  const lateMs: number[] = [];
  let sender = 0;
  for (let step = 0; step < (seconds * 1_000) / stepMs; step++) {
    const speakers = new Set<EdgeClient>();
    for (const level of levels) {
      for (due[level] += (perSecond[level] * stepMs) / 1_000; due[level] >= 1; due[level]--) {
        const speaker = crowd.member(sender++);
        speaker.send(templates[level], book.offer(level, speaker.index));
        speakers.add(speaker);
      }
    }
    for (const speaker of speakers) speaker.flush();
    const dueMs = systemClock.monotonic() + stepMs;
    await sleep(systemClock, stepMs);
    lateMs.push(systemClock.monotonic() - dueMs);
  }
  return percentile(
    lateMs.sort((a, b) => a - b),
    99,
  );
}
