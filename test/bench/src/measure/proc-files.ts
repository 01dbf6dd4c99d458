/** What Linux tells about a process or the machine in /proc (proc(5)); times in clock ticks. */

/** User and system time of all threads of a process, from /proc/<pid>/stat. */
export function cpuTicksOfStat(stat: string): number {
  // The name of the program is in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Resident bytes, from /proc/<pid>/status. */
export function residentBytesOf(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** Busy time of all cores (neither idle nor waiting for a disk), from /proc/stat. */
export function busyTicksOf(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .map(Number);
  return user + nice + system + irq + softirq + steal;
}

/** Bytes of kernel memory of a kind, from /proc/meminfo: `Slab`, `MemAvailable`. */
export function bytesOfMeminfo(meminfo: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? Number.NaN) * 1024;
}
