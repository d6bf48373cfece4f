import { describe, expect, it } from 'vitest';
import type { Case } from '@/api';
import { applicantOf, hitsOf, sameBirth, sameCountry } from './hits';

const hit = {
  name: 'DOE, John',
  list: 'Specimen list',
  birth_year: 1971,
  score: 0.94,
  programme: 'X',
  reasons: ['alias'],
};
const context = {
  applicant: { name: { given: 'Jon', family: 'Doe' }, date_of_birth: '1971-05-06', address: { country: 'SE' } },
  sanctions: { hits: [hit] },
};

describe('possible matches', () => {
  it('are those that approving asks about, and else those that a check has found', () => {
    const found = { key: 'sanctions.hits[0]', name: 'DOE, John', births: ['1971'], score: 0.94, list: 'Specimen list' };
    const needs = { hits: [{ id: 'h1', work: 'sanctions', value: hit, former_since: '2026-01-01T00:00:00Z' }] };
    expect(hitsOf({ context } as unknown as Case)).toMatchObject([{ ...found, former: null }]);
    expect(hitsOf({ context, needs } as unknown as Case)).toMatchObject([
      { ...found, key: 'h1', former: '2026-01-01T00:00:00Z' },
    ]);
  });
  it('keep what the table has no column for', () => {
    expect(hitsOf({ context } as unknown as Case)[0]).toMatchObject({
      more: [['programme', 'X']],
      reasons: ['alias'],
      countries: [],
    });
    const several = {
      ...hit,
      birth_year: undefined,
      birth_dates: ['1970-05-06', 'circa 1971'],
      countries: ['SE', 'NO'],
    };
    expect(hitsOf({ context: { sanctions: { hits: [several] } } } as unknown as Case)[0]).toMatchObject({
      births: ['1970-05-06', 'circa 1971'],
      countries: ['SE', 'NO'],
      more: [['programme', 'X']],
    });
  });
  it('are shown without what only machines compare', () => {
    const screened = {
      ...hit,
      programme: undefined,
      id: 'QDi.006',
      edition: '1',
      version: 'ab',
      evidence: 3.2,
      schema: 'Person',
      weak: false,
      programs: ['A', 'B'],
    };
    expect(hitsOf({ context: { sanctions: { hits: [screened] } } } as unknown as Case)[0]?.more).toEqual([
      ['id', 'QDi.006'],
      ['programs', 'A, B'],
    ]);
  });
  it('stand beside what the applicant has declared, wherever the workflow keeps it', () => {
    const subject = { name: 'Jon D.' };
    expect(applicantOf({ context, subject } as unknown as Case)).toEqual({
      name: 'Jon Doe',
      birth: '1971-05-06',
      country: 'SE',
    });
    expect(applicantOf({ context: {}, subject } as unknown as Case).name).toBe('Jon D.');
  });
});

it.each([
  ['1971-05-06', '1971', 'same'],
  ['1971-05-06', '1972', 'differs'],
  ['1971-05-06', '1971-05-06', 'same'],
  ['1971-05-06', '1971-06-05', 'differs'],
  ['1971-05-06', null, 'unknown'],
  ['1971-05-06', '1971-05', 'same'],
  ['1971-05-06', 'circa 1973', 'same'],
  ['1971-05-06', 'circa 1974', 'differs'],
  ['1971-05-06', '1968 to 1971', 'same'],
  ['1971-05-06', '1968 to 1970', 'differs'],
  ['1971-05-06', 'not known', 'unknown'],
] as const)('compares the birth %s with %s: %s', (a, b, like) => expect(sameBirth(a, b)).toBe(like));

it('compares countries only where both are written alike', () => {
  expect([sameCountry('SE', 'se'), sameCountry('SE', 'NO'), sameCountry('SE', 'SWE'), sameCountry(null, 'SE')]).toEqual(
    ['same', 'differs', 'unknown', 'unknown'],
  );
});
