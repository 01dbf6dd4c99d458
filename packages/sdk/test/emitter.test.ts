import { describe, expect, it } from '@jest/globals';
import { Emitter } from '../src/emitter.js';

describe('events', () => {
  it('reach the other listeners when one throws, and what was thrown surfaces', () => {
    const surfaced: unknown[] = [];
    const events = new Emitter<{ tick: number }>((error) => surfaced.push(error));
    const seen: number[] = [];
    const bug = new Error('a bug of the application');
    events.on('tick', () => {
      throw bug;
    });
    events.on('tick', (value) => seen.push(value));
    events.emit('tick', 1);
    expect(seen).toEqual([1]);
    expect(surfaced).toEqual([bug]);
  });

  it('stop at a listener that was taken off, even by itself', () => {
    const events = new Emitter<{ tick: number }>();
    const seen: string[] = [];
    const off = events.on('tick', (value) => {
      seen.push(`first ${value}`);
      off();
    });
    events.on('tick', (value) => seen.push(`second ${value}`));
    events.emit('tick', 1);
    events.emit('tick', 2);
    expect(seen).toEqual(['first 1', 'second 1', 'second 2']);
  });
});
