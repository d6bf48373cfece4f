import { describe, expect, it } from 'vitest';
import { type Catalogue, fill, parametersOf } from './catalogue';
import { de } from './de';
import { en } from './en';
import { explanationIn, explanationKeys, explanationText } from './explanation';

const schema = Object.values(
  import.meta.glob<string>('../../../client/src/schema.ts', { query: '?raw', import: 'default', eager: true }),
)[0];

const catalogues: Record<string, Catalogue> = { en, de };
const inLanguage = (language: string) => (key: string, parameters?: Record<string, string>) =>
  fill(catalogues[language]?.[key] ?? '', parameters, language);

describe('explanations', () => {
  it('have a text in each language for every code of the API', () => {
    const code = /\n {8}Explanation: \{[\s\S]*?\n {12}code: ((?:"\w+"(?: \| )?)+);/.exec(schema ?? '')?.[1] ?? '';
    const codes = [...code.matchAll(/"(\w+)"/g)];
    expect(codes.length).toBeGreaterThan(3);
    for (const [, code = ''] of codes) {
      if (code === 'stated') continue; // the workflow's own sentence
      const key = (explanationKeys as Record<string, string>)[code] ?? '';
      for (const [language, texts] of Object.entries(catalogues))
        expect(texts[key], `${code} in ${language}`).toBeTruthy();
      expect(parametersOf(de[key as keyof typeof de])).toEqual(parametersOf(en[key as keyof typeof en]));
      expect(de[key as keyof typeof de]).not.toBe(en[key as keyof typeof en]);
    }
  });

  it('are in the language of the reader, and marked as original where there is no other text', () => {
    const missing = {
      reason: 'not known yet: a.b',
      explanation: { code: 'data_missing', missing: ['a.b', 'c'] },
    } as const;
    expect(
      explanationText(
        { ...missing, explanation: { code: 'data_missing', missing: ['a.b', 'c_d'] } },
        'de',
        inLanguage('de'),
      ),
    ).toBe('Es fehlen Daten: a › b, c d.');
    const stated = {
      reason: 'Not yet.',
      explanation: { code: 'stated', texts: { en: 'Not yet.', de: 'Noch nicht.' } },
    } as const;
    expect(explanationText(stated, 'de', inLanguage('de'))).toBe('Noch nicht.');
    expect(explanationText(stated, 'en', inLanguage('en'))).toBe('Not yet.');
    expect(explanationText({ reason: 'Not yet.', explanation: { code: 'stated' } }, 'de', inLanguage('de'))).toBe(
      'Not yet. (Originaltext)',
    );
    expect(explanationText({ reason: 'Not yet.' }, 'de', inLanguage('de'))).toBe('Not yet. (Originaltext)');
    const newer = { reason: 'New.', explanation: { code: 'of a newer server' as 'stated' } };
    expect(explanationText(newer, 'de', inLanguage('de'))).toBe('New. (Originaltext)');
    expect(explanationText(newer, 'en', inLanguage('en'))).toBe('New.');
  });

  it('are sentences, and never show an expression', () => {
    for (const language of ['en', 'de']) {
      for (const explanation of [
        { code: 'condition_false', guard: 'risk.score < 40 && exists(x)' },
        { code: 'undecidable', detail: 'no such function: near(x)' },
      ] as const) {
        const text = explanationText({ reason: 'x < 4', explanation }, language, inLanguage(language));
        expect(text).toMatch(/^\p{Lu}.*\.$/u);
        expect(text).not.toMatch(/[<>&(){}]/);
      }
    }
  });

  it('are read from the details of a refusal, and not from nonsense', () => {
    expect(explanationIn({ explanation: { code: 'forbidden' } })).toEqual({ code: 'forbidden' });
    for (const details of [{}, { explanation: null }, { explanation: 'no' }, { explanation: { code: 3 } }])
      expect(explanationIn(details)).toBeUndefined();
  });
});
