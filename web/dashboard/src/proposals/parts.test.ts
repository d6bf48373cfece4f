import { expect, it } from 'vitest';
import { partsOf } from './parts';

const shownAs = (line: string) =>
  partsOf(line)
    .map((part) => part.text)
    .join('');

it.each([
  ['what is written stays as it is', '\tid: Þórunn 🙂 “kyc-risk” — ≤ 5', '\tid: Þórunn 🙂 “kyc-risk” — ≤ 5'],
  ['nothing', '', ''],
  ['marks of direction', 'role == "\u202eadmin\u202c"', 'role == "<U+202E>admin<U+202C>"'],
  ['isolates', '\u2066x\u2069', '<U+2066>x<U+2069>'],
  ['control characters', 'a\u0000\u001b[31m\r\u0085', 'a<U+0000><U+001B>[31m<U+000D><U+0085>'],
  ['no width', 'ad\u200bmin\ufeff', 'ad<U+200B>min<U+FEFF>'],
  ['other spaces', 'a\u00a0b\u2003c\u2028', 'a<U+00A0>b<U+2003>c<U+2028>'],
  ['letters that are not drawn', 'x\u3164\u115f', 'x<U+3164><U+115F>'],
  ['marks that are not drawn', 'x\ufe0f\u{e0100}', 'x<U+FE0F><U+E0100>'],
  ['tags', 'x\u{e0061}', 'x<U+E0061>'],
  ['half of a pair', 'x\ud800', 'x<U+D800>'],
])('shows %s', (_, line, want) => {
  expect(shownAs(line)).toBe(want);
});

it('tells what was written as a name from a name that stands for something', () => {
  expect(partsOf('<U+202E>\u202e')).toEqual([
    { text: '<U+202E>', named: false },
    { text: '<U+202E>', named: true },
  ]);
});
