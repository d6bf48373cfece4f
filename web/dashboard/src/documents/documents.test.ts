import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Case, CaseDocument } from '@/api';
import { de } from '@/i18n/de';
import { documents } from '@/i18n/en/documents';
import { byKind, compare, findingsOf, ordered, replaced, zoneSource } from './compare';
import { readZone } from './mrz';
import { frameShape, placed, portraitIn } from './portrait';

const td3 = 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10';
const now = new Date('2026-01-01');

describe('a zone', () => {
  it('is read as ICAO’s specimen says', () => {
    expect(readZone(td3, now)).toEqual({
      surname: 'ERIKSSON',
      given: 'ANNA MARIA',
      number: 'L898902C3',
      nationality: 'UTO',
      birth: '1974-08-12',
      sex: 'F',
      expiry: '2012-04-15',
    });
  });
  it('of a card has three lines', () => {
    const zone = readZone(
      'I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<',
      now,
    );
    expect(zone).toMatchObject({ surname: 'ERIKSSON', number: 'D23145890', birth: '1974-08-12' });
  });
  it('that is none is not read', () => {
    expect(readZone('hello')).toBeNull();
    expect(readZone('')).toBeNull();
  });
});

describe('a comparison', () => {
  const document = {
    id: 'd',
    kind: 'passport',
    properties: { mrz: td3, number: 'l898902c3' },
  } as unknown as CaseDocument;
  const one = (flags: object) =>
    ({
      context: {
        applicant: { name: { given: 'Anna', family: "O'Brien" }, date_of_birth: '1974-08-12' },
        id_check: { documents: [], mrz: flags },
      },
    }) as unknown as Case;
  it('trusts the server about names and births', () => {
    const found = compare(one({ name_matches: false, date_of_birth_matches: true, expired: true }), document, now);
    expect(found.map((c) => [c.field, c.match])).toEqual([
      ['family', 'differs'],
      ['given', 'differs'],
      ['date_of_birth', 'match'],
      ['document_number', 'match'],
      ['nationality', 'unknown'],
      ['expires', 'expired'],
      ['sex', 'unknown'],
    ]);
  });
  it('says nothing where the server cannot tell', () => {
    expect(compare(one({ name_matches: null }), document, now)[0]?.match).toBe('unknown');
  });
  it('finds no difference between what is the same, whatever the server has found in another document', () => {
    const found = compare(one({ date_of_birth_matches: false }), document, now);
    expect(found.find((row) => row.field === 'date_of_birth')?.match).toBe('match');
  });
  it('knows by its own findings whether the document has expired', () => {
    const of = (findings: object[]) =>
      compare(one({ expired: true }), { ...document, checks: { findings } }, now).find((row) => row.field === 'expires')
        ?.match;
    expect([of([{ code: 'expired', severity: 'medium' }]), of([])]).toEqual(['expired', 'unknown']);
  });
  it('is with the zone in the picture, and not with the one that was typed', () => {
    const typed = td3.replace('ERIKSSON', 'IMPOSTER');
    const both = { ...document, properties: { mrz: typed }, checks: { read: { mrz: td3, confidence: 0.97 } } };
    expect(compare(one({}), both, now)[0]?.read).toBe('ERIKSSON');
    expect([zoneSource(both, now), zoneSource(document, now)]).toEqual(['read', 'declared']);
    const masked = { ...document, checks: { read: null } };
    expect(zoneSource({ ...masked, properties: {} } as unknown as CaseDocument, now)).toBeNull();
  });
  it('is none without a zone', () => {
    expect(compare(one({}), { ...document, properties: {} }, now)).toEqual([]);
  });
});

it('puts the newest of each kind first and knows what was replaced', () => {
  const list = [
    { id: 'a', kind: 'passport', status: 'revision' },
    { id: 'b', kind: 'selfie', status: 'checked' },
    { id: 'c', kind: 'passport', status: 'checked' },
  ] as CaseDocument[];
  expect(ordered(list).map((one) => one.id)).toEqual(['b', 'c', 'a']);
  expect(list.map((one) => replaced(list, one))).toEqual([true, false, false]);
});

it('reads findings and nothing from nonsense', () => {
  const checks = { findings: [{ code: 'blur', severity: 'high', message: 'It is blurred.' }, 5] };
  expect(findingsOf({ checks } as unknown as CaseDocument)).toEqual([
    { code: 'blur', severity: 'high', message: 'It is blurred.', source: null },
  ]);
  for (const source of ['declared', 'read'])
    expect(
      findingsOf({ checks: { findings: [{ code: 'expired', source }] } } as unknown as CaseDocument),
    ).toMatchObject([{ source }]);
  expect(findingsOf({} as CaseDocument)).toEqual([]);
});

it('has words in both languages for every finding that the document check can make', () => {
  const folder = `${import.meta.dirname}/../../../../internal/docscan`;
  const codes = readdirSync(folder)
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
    .flatMap((name) => [
      ...readFileSync(`${folder}/${name}`, 'utf8').matchAll(
        /(?:\bfind\(|\bFinding\{|\bnotAZone\(|\badd\(.*?"",) ?"([a-z_]+)"/g,
      ),
    ])
    .map((match) => match[1] ?? '')
    .filter((code) => !code.endsWith('_')); // of a field that is named at run time
  expect(codes.length).toBeGreaterThan(20);
  for (const texts of [documents, de] as Record<string, string>[]) {
    expect(codes.filter((code) => !texts[`finding.${code}`] && !texts[`finding.mrz_${code}`])).toEqual([]);
  }
});

describe('the portrait', () => {
  it.each([
    ['of a passport’s page', 1250, 880, [6, 13, 41, 58]],
    ['of a card', 856, 540, [3, 13, 31, 49]],
  ])('%s is inside the part that is shown', (_, width, height, [left, top, right, bottom]) => {
    const part = portraitIn(width, height);
    if (!part) throw new Error('no part');
    const mm = { width: width / 10, height: height / 10 };
    expect(part.x * mm.width).toBeLessThan(left ?? 0);
    expect(part.y * mm.height).toBeLessThan(top ?? 0);
    expect((part.x + part.width) * mm.width).toBeGreaterThan((right ?? 0) - 1);
    expect((part.y + part.height) * mm.height).toBeGreaterThan(bottom ?? 0);
    expect(part.x + part.width).toBeLessThan(0.5);
    expect(part.y + part.height).toBeLessThanOrEqual(1);
    expect((part.width * width) / (part.height * height)).toBeCloseTo(frameShape, 2);
  });
  it.each([
    ['a photograph of a table', 4, 3],
    ['a page that lies on its side', 88, 125],
    ['a selfie', 720, 900],
    ['no picture', 0, 0],
  ])('of %s is not known', (_, width, height) => {
    expect(portraitIn(width, height)).toBeNull();
  });
  it('fills the frame', () => {
    expect(placed({ x: 0.1, y: 0.2, width: 0.25, height: 0.5 })).toEqual({
      left: '-40%',
      top: '-40%',
      width: '400%',
      height: '200%',
    });
  });
});

describe('many documents', () => {
  const document = (id: string, kind: string, side?: string): CaseDocument =>
    ({ id, kind, side, status: 'checked', content_type: 'image/png' }) as CaseDocument;
  it('are grouped by kind, in the order of their first, with nothing left out', () => {
    const groups = byKind([document('1', 'letter'), document('2', 'passport'), document('3', 'letter')]);
    expect(groups.map(({ kind, documents }) => [kind, documents.map(({ id }) => id)])).toEqual([
      ['letter', ['1', '3']],
      ['passport', ['2']],
    ]);
  });
});
