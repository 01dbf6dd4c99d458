import { readFileSync } from 'node:fs';
import type { Clock } from '@parley/kernel';
import { busyTicksOf, bytesOfMeminfo, cpuTicksOfStat, residentBytesOf } from './proc-files.js';

/** USER_HZ: what /proc counts in on every Linux of today. */
const ticksPerSecond = 100;

/** A moment of all parties' CPU clocks, milliseconds. */
interface Reading {
  readonly atMs: number;
  readonly serverMs: number;
  readonly generatorMs: number;
  readonly machineMs: number;
}

/** CPU that was used between two moments, milliseconds. */
export interface CpuUse {
  readonly wallMs: number;
  /** All server processes and their threads. */
  readonly serverMs: number;
  readonly generatorMs: number;
  /** Everybody else on the machine. */
  readonly othersMs: number;
}

/** Reads what the server's processes, this process and the machine have used. Linux only. */
export class ProcessMeter {
  readonly #pids: readonly number[];
  readonly #clock: Clock;

  constructor(pids: readonly number[], clock: Clock) {
    this.#pids = pids;
    this.#clock = clock;
  }

  /** Resident memory of the server's processes, bytes. */
  residentBytes(): number {
    return this.#pids.reduce((sum, pid) => sum + residentBytesOf(readFileSync(`/proc/${pid}/status`, 'utf8')), 0);
  }

  /** Memory of the kernel's objects, sockets among them, bytes. */
  slabBytes(): number {
    return bytesOfMeminfo(readFileSync('/proc/meminfo', 'utf8'), 'Slab');
  }

  /** CPU of the server's processes so far, milliseconds. Throws when one of them has ended. */
  serverMs(): number {
    const ticks = this.#pids.reduce((sum, pid) => sum + cpuTicksOfStat(readFileSync(`/proc/${pid}/stat`, 'utf8')), 0);
    return (ticks * 1000) / ticksPerSecond;
  }

  /** Starts to measure; the returned function says what was used since. */
  start(): () => CpuUse {
    const from = this.#read();
    return () => {
      const to = this.#read();
      const serverMs = to.serverMs - from.serverMs;
      const generatorMs = to.generatorMs - from.generatorMs;
      const othersMs = Math.max(0, to.machineMs - from.machineMs - serverMs - generatorMs);
      return { wallMs: to.atMs - from.atMs, serverMs, generatorMs, othersMs };
    };
  }

  #read(): Reading {
    const { user, system } = process.cpuUsage();
    return {
      atMs: this.#clock.monotonic(),
      serverMs: this.serverMs(),
      generatorMs: (user + system) / 1000,
      machineMs: (busyTicksOf(readFileSync('/proc/stat', 'utf8')) * 1000) / ticksPerSecond,
    };
  }
}
