import { dirname, join } from 'node:path/posix';
import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['./**/*.{ts,tsx}', '!./**/*.test.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The file that one imports, as the sources name it; types count, too. */
function resolve(from: string, name: string): string | undefined {
  const path = name.startsWith('@/') ? join('.', name.slice(2)) : join(dirname(from), name);
  return [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`].map((file) => `./${file}`).find((file) => file in sources);
}

function importsOf(file: string): string[] {
  const found = [...(sources[file] ?? '').matchAll(/from '((?:\.{1,2}|@)\/[^']+)'/g)];
  return found.flatMap((match) => resolve(file, match[1] ?? '') ?? []);
}

it('has no two files that import each other', () => {
  expect(importsOf('./api/queries.ts')).toContain('./api/keys.ts');
  const pairs = Object.keys(sources).flatMap((file) =>
    importsOf(file).flatMap((other) => (file < other && importsOf(other).includes(file) ? [`${file} ${other}`] : [])),
  );
  expect(pairs).toEqual([]);
});
