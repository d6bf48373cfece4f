import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { resultWord } from './resultWords';

const project = '../..';

/** The words that a definition allows, as `enum: [a, b]`. */
function allowedBy(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/enum: \[([^\]]+)\]/g)].flatMap((match) => (match[1] ?? '').split(/,\s*/));
}

// Whoever the vendor is, a result in a shape has these words: a new one needs a German one, too.
it('has German words for each value of the answer shapes and of the shipped plugins', () => {
  const shapes = `${project}/internal/connector/shapes`;
  const plugins = `${project}/statemachines/plugins`;
  const files = [shapes, plugins].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  const allowed = [...new Set(files.filter((name) => name.endsWith('.yaml')).flatMap(allowedBy))];
  expect(allowed.length).toBeGreaterThan(30);
  const missing = (language: string) => allowed.filter((word) => resultWord(word, language) === undefined);
  expect({ de: missing('de'), en: missing('en') }).toEqual({ de: [], en: [] });
});

it('leaves other values as they are', () => {
  expect(resultWord('idc_1', 'de')).toBeUndefined();
  expect(resultWord('toString', 'de')).toBeUndefined();
  expect(resultWord('not_checked', 'en')).toBe('Not checked');
});
