import { describe, expect, it } from 'vitest';
import { fill } from '@/i18n/catalogue';
import { de } from '@/i18n/de';
import { workflows } from '@/i18n/en/workflows';
import { conditionInWords, type Translate } from './condition';

const english: Translate = (key, parameters) =>
  fill((workflows as Record<string, string>)[key] ?? '', parameters, 'en');
const german: Translate = (key, parameters) => fill((de as Record<string, string>)[key] ?? '', parameters, 'de');

describe('a condition in words', () => {
  it.each([
    ['documents.all_received', 'all documents are received', 'alle Dokumente eingegangen sind'],
    [
      "risk.outcome == 'approve' && stale.any == false",
      'risk › outcome is “approve” and no check is out of date',
      'risk › outcome „approve“ ist und keine Prüfung veraltet ist',
    ],
    ['risk.score >= 40', 'risk › score is at least 40', 'risk › score mindestens 40 ist'],
    ['!(a.b == 1 || exists(c))', 'a › b is not 1 and c is not known', 'a › b nicht 1 ist und c nicht bekannt ist'],
    ['x && (y || !z)', 'x is yes and (y is yes or z is no)', 'x ja ist und (y ja ist oder z nein ist)'],
    ["country in ['DE', 'FR']", 'country is one of “DE”, “FR”', 'country eines von „DE“, „FR“ ist'],
  ])('%s', (guard, inEnglish, inGerman) => {
    expect(conditionInWords(guard, english)).toBe(inEnglish);
    expect(conditionInWords(guard, german)).toBe(inGerman);
  });
  it.each(['coalesce(len(hits) >= 0, false)', 'a +', 'all(documents, .ok)', '', "a == 'x"])(
    'puts no half of %s in words',
    (guard) => {
      expect(conditionInWords(guard, english)).toBe('a condition of the workflow holds');
    },
  );
});
