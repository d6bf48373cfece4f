import type { Explanation } from '@/api';
import { type Key, useLocale, useT } from './locale';

/** Something that is not possible now: why, as the API states it in English or as the workflow states it, and as a code. */
export interface Refusal {
  reason: string | null;
  explanation?: Explanation | null;
}

/** The text of each code that has one of its own. The others are sentences of the workflow. */
export const explanationKeys: Record<Exclude<Explanation['code'], 'stated'>, Key> = {
  condition_false: 'explanation.condition_false',
  data_missing: 'explanation.data_missing',
  undecidable: 'explanation.undecidable',
  forbidden: 'explanation.forbidden',
};

type Text = (key: Key, parameters?: Record<string, string>) => string;

/** A place in a case's data as people read it: "applicant.date_of_birth" is "applicant › date of birth". */
function placeInWords(path: string): string {
  return path
    .split('.')
    .map((name) => name.replaceAll('_', ' '))
    .join(' › ');
}

/** Why something is not possible now: a sentence, never the guard itself. In the reader's language. A sentence that is in no other language is marked as original. */
export function explanationText(refusal: Refusal, language: string, t: Text): string {
  const { reason, explanation } = refusal;
  const original = () =>
    !reason ? t('common.unknown') : language === 'en' ? reason : t('explanation.original', { reason });
  if (!explanation) return original();
  if (explanation.code === 'stated') return explanation.texts?.[language] || original();
  const key = explanationKeys[explanation.code] as Key | undefined; // a newer server may know more codes
  if (!key) return original();
  return t(key, {
    missing: (explanation.missing ?? []).map(placeInWords).join(', '),
  });
}

export function useExplanation(): (refusal: Refusal) => string {
  const t = useT();
  const { language } = useLocale();
  return (refusal) => explanationText(refusal, language, t);
}

/** The explanation among the details of a refused decision. */
export function explanationIn(details: Record<string, unknown>): Explanation | undefined {
  const found = details['explanation'];
  return found !== null && typeof found === 'object' && 'code' in found && typeof found.code === 'string'
    ? (found as Explanation)
    : undefined;
}
