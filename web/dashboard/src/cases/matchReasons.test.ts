import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formats } from '@/i18n/formats';
import { birthText, matchReason } from './matchReasons';

const writing = formats('de-DE', 'Europe/Berlin');
const german = (sentence: string) => matchReason(sentence, 'de', writing);

it.each([
  ['nikolai and nikolay: spellings of one word', 'nikolai und nikolay: Schreibweisen desselben Wortes'],
  [
    'pavlensky and pavlenskiy: the letters agree by 0.92',
    'pavlensky und pavlenskiy: die Buchstaben stimmen zu 92 % überein',
  ],
  [
    'born 1971-12-05 and 1971: the same, as far as both are known',
    'geboren 05.12.1971 und 1971: gleich, soweit beides bekannt ist',
  ],
  [
    'born 1960 and circa 1958 to 1963: up to five years apart',
    'geboren 1960 und etwa 1958 bis 1963: bis zu fünf Jahre auseinander',
  ],
  ['country BG: the same', 'Land Bulgarien: gleich'],
  ['country DE, and CH, IT on the list', 'Land Deutschland, auf der Liste Schweiz, Italien'],
  ['maria: only in the listed name, which counts little', 'maria: nur im Namen auf der Liste, zählt wenig'],
  ['anna: the same', 'anna: gleich'],
])('says in German: %s', (sentence, expected) => {
  expect(german(sentence)?.replaceAll('\u00a0', ' ')).toBe(expected);
});

it('leaves what is no sentence of the screening as it is', () => {
  expect(german('name matches an alias')).toBeUndefined();
  expect(german('born 1960 and 1961: nobody knows')).toBeUndefined();
  expect(matchReason('anna: the same', 'en', writing)).toBeUndefined();
  expect(birthText('circa 1960', 'en', writing)).toBe('circa 1960');
});

// The screening's own source: a form that is added there is only in English until it is added here, too.
it('knows every form that the screening writes', () => {
  const read = (file: string) => readFileSync(`../../internal/screening/${file}`, 'utf8');
  const source = read('names/compare.go') + read('search.go');
  const forms = [...source.matchAll(/Sprintf\("([^"]*%s[^"]*)"/g)].map((match) => match[1] ?? '');
  const births = [...source.matchAll(/(?:opposed|apart|near|beside|same): "([^"]+)"/g)].map((match) => match[1] ?? '');
  const sides = [...source.matchAll(/names\.Sides\{"([^"]+)", "([^"]+)"\}/g)].flatMap((match) => match.slice(1));
  expect(forms.length).toBeGreaterThan(8);
  expect(births).toHaveLength(5);
  expect(sides).toHaveLength(2);
  const sentences = forms.flatMap((form) => {
    const filled = (last: string) => {
      let place = 0;
      const places = form.split('%s').length - 1;
      return form.replace(/%s/g, () => (++place === places && last ? last : 'DE')).replace('%.2f', '0.91');
    };
    if (form.startsWith('born')) return births.map(filled);
    if (form.includes('only in'))
      return sides.map((side) => form.replace('%s', 'anna').replace('%s', side).replace('%s', ''));
    return [filled('')];
  });
  expect(sentences.filter((sentence) => german(sentence) === undefined)).toEqual([]);
});
