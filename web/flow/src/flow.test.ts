import type { ElementView } from '@ballerine/sdk';
import { expect, it } from 'vitest';
import { tokenOf } from './app.tsx';
import { dayOf, numberOf } from './controls.tsx';
import { countries } from './countries.ts';
import { put } from './element.tsx';
import { written } from './review.tsx';
import { languageOf, textsOf } from './texts.ts';
import { formatsOf, typeOf } from './upload.tsx';

it('the token is read from behind #, and from nowhere else', () => {
  expect(tokenOf('#token=a%2Bb')).toBe('a+b');
  for (const none of ['', '#', '#other=1', '?token=a']) expect(tokenOf(none), none).toBe('');
});

it('numbers are read as people write them, and what is none is left to the server', () => {
  const cases: [string, unknown][] = [
    ['', undefined],
    [' ', undefined],
    ['0', 0],
    ['1,5', 1.5],
    ['-2.25', -2.25],
    ['1 000', 1000],
    ['.5', 0.5],
    ['many', 'many'],
    ['1,000,000', '1,000,000'],
  ];
  for (const [text, want] of cases) expect(numberOf(text), text).toBe(want);
});

it('a day of three parts is a date as it is kept, and half a day is none', () => {
  expect(dayOf({ year: '', month: '', day: '' })).toBeUndefined();
  expect(dayOf({ year: '1990', month: '3', day: '4' })).toBe('1990-03-04');
  expect(dayOf({ year: '90', month: '3', day: '' })).toBe('0090-03-00');
});

it('answers within a group are put at their path, and empty ones are taken out', () => {
  expect(put({}, 'name.given', 'Ada')).toEqual({ name: { given: 'Ada' } });
  expect(put({ name: { given: 'Ada', family: 'King' } }, 'name.given', '')).toEqual({ name: { family: 'King' } });
});

it('a person reads the first of their languages that there is', () => {
  expect(languageOf(['fr-FR', 'de-AT', 'en'])).toBe('de');
  expect(languageOf(['fr'])).toBe('en');
  const { say, fault } = textsOf('de');
  expect(say('step', 2, 4)).toBe('Schritt 2 von 4');
  expect(fault('past', '')).toBe('Das Datum muss in der Vergangenheit liegen.');
  expect(fault('past', 'Own words.')).toBe('Own words.');
  expect(fault('something_new', '')).toBe('Bitte prüfen Sie dies.');
});

it('countries are in the order of their names in the language', () => {
  const [de, en] = [countries('de'), countries('en')];
  expect(de.length).toBe(250);
  expect(de.findIndex((one) => one.value === 'AT')).toBeGreaterThan(de.findIndex((one) => one.value === 'DZ')); // Algerien, Österreich
  expect(en.find((one) => one.value === 'DE')?.title).toBe('Germany');
});

it('answers are shown as people read them', () => {
  const texts = textsOf('de');
  const options = [{ value: 'a', title: 'Erstens' }];
  const cases: [Partial<ElementView>, unknown, string][] = [
    [{ type: 'text' }, undefined, ''],
    [{ type: 'text' }, 'Ada', 'Ada'],
    [{ type: 'boolean' }, false, 'Nein'],
    [{ type: 'date' }, '1990-03-04', '4. März 1990'],
    [{ type: 'country' }, 'HU', 'Ungarn'],
    [{ type: 'select', options }, 'a', 'Erstens'],
    [{ type: 'checkboxes', options }, ['a', 'b'], 'Erstens, b'],
    [{ type: 'number' }, 1234.5, '1.234,5'],
    [{ type: 'currency', checks: { currencies: ['EUR'] } }, 12, '12,00\u00a0€'],
    [{ type: 'currency', checks: { currencies: ['EUR', 'JPY'] } }, { amount: 12, currency: 'JPY' }, '12\u00a0¥'],
    [{ type: 'consent' }, { accepted: true, version: '1' }, 'Ja'],
    [{ type: 'address' }, { line1: 'Am Weg 1', country: 'AT' }, 'Am Weg 1, Österreich'],
  ];
  for (const [element, value, want] of cases)
    expect(written(element as ElementView, value, texts), JSON.stringify(element)).toBe(want);
});

it('which files are accepted is said as the workflow has it', () => {
  const of = (checks?: object) => formatsOf({ type: 'document', checks } as ElementView, textsOf('en'));
  expect(of({ content_types: ['image/jpeg', 'application/pdf'], max_size: 10_485_760 })).toBe(
    'JPEG or PDF, at most 10 MB.',
  );
  expect(of({ content_types: ['image/png'], max_size: 200_000 })).toBe('PNG, at most 0.19 MB.');
  expect(of()).toBe('JPEG, PNG, WebP, HEIC, or PDF.'); // as the device writes lists, which is en-US here
  expect(typeOf({ type: 'image/png', name: 'a.heic' })).toBe('image/png');
  expect(typeOf({ type: '', name: 'IMG_1.HEIC' })).toBe('image/heic');
  expect(typeOf({ type: '', name: 'notes.txt' })).toBe('');
});
