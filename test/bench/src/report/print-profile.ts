import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CpuProfile, hotFunctions, hotPackages, type Spans } from './profile-summary.js';
import { number, table } from './table.js';

const rows = 30;

/** The hottest functions of all profiles in a folder, one profile per thread, within the spans. */
export function printedProfiles(folder: string, spans: Spans): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  return files.map((file) => printedProfile(JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile, file, spans)).join('\n');
}

function printedProfile(profile: CpuProfile, file: string, spans: Spans): string {
  const functions = hotFunctions(profile, spans);
  const totalMs = functions.reduce((sum, { selfMs }) => sum + selfMs, 0);
  const share = (ms: number): string => `${((ms / totalMs) * 100).toFixed(1)} %`;
  const lines = functions.slice(0, rows).map(({ name, selfMs, totalMs: ms }) => ['', share(selfMs), share(ms), name]);
  const packages = hotPackages(functions).slice(0, rows / 2);
  const where = packages.map(({ name, selfMs }) => `${name} ${share(selfMs)}`).join(', ');
  return `${file}: ${number(totalMs)} ms busy: ${where}\n${table([['', 'self', 'total', 'function'], ...lines])}\n`;
}
