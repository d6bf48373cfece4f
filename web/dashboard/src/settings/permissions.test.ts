import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settings as german } from '@/i18n/de/settings';
import { settings } from '@/i18n/en/settings';
import { permissions } from './permissions';

/** Those of the applicant, of vendors and of the system itself, and what everybody may. */
const nobodys = ['self:read', 'flow:use', 'hooks:answer', 'tasks:run', 'public'];

// The API's own table: a permission that somebody adds there would be shown as its code.
it('has words for every permission that a person can have', () => {
  const source = readFileSync('../../internal/identity/permission.go', 'utf8');
  const all = [...source.matchAll(/Permission = "([a-z_:]+)"/g)].map((match) => match[1] ?? '');
  const known = all.filter((one) => !nobodys.includes(one));
  expect(known.length).toBeGreaterThan(25);
  expect([...permissions].sort()).toEqual(known.sort());
  for (const texts of [settings, german] as Record<string, string>[])
    expect(known.filter((one) => !texts[`permission.${one}`])).toEqual([]);
});
