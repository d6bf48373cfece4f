import { useMemo } from 'react';
import { useLocale } from '@/i18n';
import { fill, type Parameters } from '@/i18n/catalogue';
import { type DeskKey, texts } from './texts';

/** The desk's texts in the reader's language. */
export function useDeskT(): (key: DeskKey, parameters?: Parameters) => string {
  const { language, tag } = useLocale();
  return useMemo(() => (key, parameters) => fill(texts[language][key], parameters, tag), [language, tag]);
}

/** The key of a notification's text; a newer server may have others. */
export function keyOf(kind: string): DeskKey {
  return kind in texts.en && kind !== 'other' ? (kind as DeskKey) : 'other';
}
