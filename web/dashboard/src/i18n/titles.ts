import { useCallback } from 'react';
import { useLocale, useT } from './locale';

/** What a definition calls a thing: one text, or one for each language. */
export interface Titled {
  title?: string | null;
  titles?: Record<string, string> | null;
}

/** The title in a language; `original` says that it is in another one, or may be. */
export function titleIn(one: Titled, language: string): { title: string; original: boolean } | null {
  const own = one.titles?.[language];
  if (own) return { title: own, original: false };
  return one.title ? { title: one.title, original: language !== 'en' } : null;
}

/** Titles of definitions in the reader's language. One that is in no other language is marked as original. */
export function useTitle(): (one: Titled, otherwise: string) => string {
  const t = useT();
  const { language } = useLocale();
  return useCallback(
    (one, otherwise) => {
      const found = titleIn(one, language);
      if (!found) return otherwise;
      return found.original ? t('explanation.original', { reason: found.title }) : found.title;
    },
    [t, language],
  );
}
