import { expect, it } from 'vitest';
import { titleIn } from './titles';

it('takes the text in the language, else the English one or the only one, and says when it is original', () => {
  const both = { title: 'Passport', titles: { en: 'Passport', de: 'Reisepass' } };
  expect(titleIn(both, 'de')).toEqual({ title: 'Reisepass', original: false });
  expect(titleIn(both, 'en')).toEqual({ title: 'Passport', original: false });
  expect(titleIn({ title: 'Passport', titles: { en: 'Passport' } }, 'de')).toEqual({
    title: 'Passport',
    original: true,
  });
  expect(titleIn({ title: 'Passport' }, 'de')).toEqual({ title: 'Passport', original: true });
  expect(titleIn({ title: 'Passport' }, 'en')).toEqual({ title: 'Passport', original: false });
  expect(titleIn({ title: '' }, 'de')).toBeNull();
});
