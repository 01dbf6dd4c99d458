import { importsOf, packageOf } from './layers.js';
import type { SourceFile } from './source-files.js';

interface Rule {
  readonly pattern: RegExp;
  readonly what: string;
  /** Files that may. */
  readonly except: RegExp;
}

const tests = /\.test\.ts$|\/contract\/|\/testing\//;
const rules: readonly Rule[] = [
  {
    pattern: /\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(/,
    what: 'time and timers come from the Clock',
    except: /^packages\/(kernel\/src\/clock|engines\/|testkit\/)/,
  },
  {
    pattern: /\bMath\.random\(|\bcrypto\.getRandomValues\(/,
    what: 'randomness comes from Random',
    except: /^packages\/(kernel\/src\/random|engines\/|testkit\/)/,
  },
  { pattern: /\bprocess\.env\b/, what: 'only config reads the environment', except: /^packages\/(config\/|engines\/src\/cache-folder)/ },
];

const purePackages: ReadonlySet<string> = new Set(['domain', 'lanes', 'wire']);

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');

/** What the file does and should not. */
export function purityViolations({ path, text }: SourceFile): readonly string[] {
  if (tests.test(path)) return [];
  const code = withoutComments(text);
  const broken = rules.filter(({ pattern, except }) => pattern.test(code) && !except.test(path)).map(({ what }) => `${path}: ${what}`);
  const isPure = purePackages.has(packageOf(path));
  const foreign = isPure ? importsOf(code).filter((name) => !name.startsWith('.') && !name.startsWith('@parley/')) : [];
  return [...broken, ...foreign.map((name) => `${path}: a pure package must not import ${name}`)];
}
