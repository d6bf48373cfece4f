import { describe, expect, it } from 'vitest';
import { patchOf, valueAt, written } from './patch';

const context = {
  country: 'DE',
  applicant: { name: { given: 'Ada', family: 'Lovelace' }, age: 3 },
  owners: [
    { name: 'A', address: { city: 'Bonn', country: 'DE' } },
    { name: 'B', address: { city: 'Graz', country: 'AT' } },
  ],
};

describe('a correction', () => {
  it.each([
    ['a field', 'country', 'AT', { country: 'AT' }],
    [
      'a field within others, and nothing beside it',
      'applicant.name.given',
      'Eva',
      { applicant: { name: { given: 'Eva' } } },
    ],
    ['what is not there yet', 'applicant.address.city', 'Bonn', { applicant: { address: { city: 'Bonn' } } }],
    [
      'a part of a list with the whole list',
      'owners.1.address.country',
      'CH',
      { owners: [context.owners[0], { name: 'B', address: { city: 'Graz', country: 'CH' } }] },
    ],
    ['an item of a list', 'owners.0', 'x', { owners: ['x', context.owners[1]] }],
  ])('patches %s', (_, path, value, want) => {
    expect(patchOf(context, path, value)).toEqual(want);
  });

  it('finds what is there', () => {
    expect(valueAt(context, 'owners.1.address.city')).toBe('Graz');
    expect(valueAt(context, 'applicant.name')).toBe(context.applicant.name);
    expect(valueAt(context, 'applicant.age.of')).toBeUndefined();
  });

  it.each([
    ['4', 3, 4],
    ['four', 3, undefined],
    ['', 3, undefined],
    ['true', false, true],
    ['yes', false, undefined],
    [' Eva ', 'Ada', 'Eva'],
    ['4', undefined, '4'],
    [' ', 'Ada', undefined],
  ])('takes %j where there is %j', (text, before, want) => {
    expect(written(text, before)).toBe(want);
  });
});
