import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { usePreferences } from '@/session/preferences';
import { type Catalogue, fill, type Parameters } from './catalogue';
import { en } from './en';

export type Key = keyof typeof en;

interface Locale {
  /** "en" or "de": the texts. */
  language: 'en' | 'de';
  /** The browser's region of it: numbers and dates. */
  tag: string;
  timeZone: string;
  texts: Catalogue;
}

const LocaleContext = createContext<Locale | null>(null);

/** The region that numbers and dates are written for: the browser's first of the language, else the language's own. */
export function regionOf(language: string, languages: readonly string[]): string {
  return languages.find((one) => one.toLowerCase().startsWith(language)) ?? language;
}

/** Loads the texts of the chosen language; English is always there. */
export function LocaleProvider({ children }: { children: ReactNode }) {
  const { language, timeZone } = usePreferences();
  const [german, setGerman] = useState<Catalogue | null>(null);
  useEffect(() => {
    document.documentElement.lang = language;
    let wanted = true;
    if (language === 'de') {
      void import('./de').then(({ de }) => {
        if (wanted) setGerman(de);
      });
    }
    return () => {
      wanted = false;
    };
  }, [language]);
  const texts = language === 'de' ? german : en;
  const locale = useMemo<Locale | null>(
    () => (texts ? { language, tag: regionOf(language, navigator.languages), timeZone, texts } : null),
    [language, texts, timeZone],
  );
  return locale && <LocaleContext value={locale}>{children}</LocaleContext>;
}

export function useLocale(): Locale {
  const locale = useContext(LocaleContext);
  if (!locale) throw new Error('LocaleProvider is missing');
  return locale;
}

export type Translate = (key: Key, parameters?: Parameters) => string;

/** Texts in the reviewer's language. `maybe` is for keys that come from elsewhere, such as reason codes. */
export function useT(): Translate & { maybe: (key: string, otherwise: string) => string } {
  const { texts, tag } = useLocale();
  return useMemo(() => {
    const t: Translate = (key, parameters) => fill(texts[key] ?? en[key], parameters, tag);
    return Object.assign(t, {
      maybe: (key: string, otherwise: string) => texts[key] ?? (en as Catalogue)[key] ?? otherwise,
    });
  }, [texts, tag]);
}
