import { dirname, join } from 'node:path/posix';
import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.{ts,tsx}'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const catalogues = import.meta.glob<Record<string, Record<string, string>>>('./en/*.ts', { eager: true });

const pathOf = (file: string) => join('i18n', file);
const files = new Map(Object.entries(sources).map(([file, text]) => [pathOf(file), text]));

function resolve(from: string, name: string): string[] {
  const path = name.startsWith('@/') ? name.slice(2) : join(dirname(from), name);
  return [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`].filter((file) => files.has(file));
}

/** What a file imports, apart from types: statically, or later by `import()`. */
function importsOf(file: string, later: boolean): string[] {
  const pattern = later ? /import\('([^']+)'\)/g : /^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';/gm;
  return [...(files.get(file) ?? '').matchAll(pattern)].flatMap((match) => resolve(file, match[1] ?? ''));
}

/** The files that are loaded with one. */
function loadedWith(entry: string): Set<string> {
  const found = new Set([entry]);
  for (const file of found) for (const other of importsOf(file, false)) found.add(other);
  return found;
}

/** The keys of English texts that a file uses, whole or by a prefix such as `screening.wrong_${field}`. */
function usedIn(file: string, keys: readonly string[]): string[] {
  const text = files.get(file) ?? '';
  const plain = new Set([...text.matchAll(/['"`](\w+\.[\w.:]+)['"`]/g)].map((match) => match[1]));
  const prefixes = [...text.matchAll(/`(\w+\.\w*)\$\{/g)].map((match) => match[1] ?? '');
  return keys.filter((key) => plain.has(key) || prefixes.some((prefix) => key.startsWith(prefix)));
}

/** The keys of the English texts that these files hold. */
function keysIn(loaded: ReadonlySet<string>): Set<string> {
  const texts = Object.entries(catalogues).filter(([file]) => !file.endsWith('/index.ts') && loaded.has(pathOf(file)));
  return new Set(texts.flatMap(([, exported]) => Object.values(exported).flatMap((one) => Object.keys(one))));
}

const all = Object.entries(catalogues).filter(([file]) => !file.endsWith('/index.ts'));
const keys = all.flatMap(([, exported]) => Object.values(exported).flatMap((one) => Object.keys(one)));

it('loads the English texts of a page with the page', () => {
  const first = keysIn(loadedWith('main.tsx'));
  expect(first.has('common.close')).toBe(true);
  expect(first.has('proposals.detail')).toBe(false);

  const entries = new Set(['main.tsx', ...[...files.keys()].flatMap((file) => importsOf(file, true))]);
  expect(entries.size).toBeGreaterThan(15);
  const missing = [...entries].flatMap((entry) => {
    const loaded = loadedWith(entry);
    const known = keysIn(loaded);
    const users = [...loaded].filter((file) => !file.startsWith('i18n/'));
    return users.flatMap((file) =>
      usedIn(file, keys)
        .filter((key) => !known.has(key) && !first.has(key))
        .map((key) => `${entry}: ${file}: ${key}`),
    );
  });
  expect(missing).toEqual([]);
});

it('adds all English texts, each of them once', () => {
  const added = [...files].flatMap(([file, text]) =>
    file === 'i18n/en/index.ts'
      ? [...text.matchAll(/^import \{ (\w+) \} from/gm)].map((match) => match[1] ?? '')
      : [...text.matchAll(/^add\((\w+)\);$/gm)].map((match) => match[1] ?? ''),
  );
  const names = all.flatMap(([, exported]) => Object.keys(exported));
  expect(added.sort()).toEqual(names.sort());
  expect(keys.length).toBe(new Set(keys).size);
});
