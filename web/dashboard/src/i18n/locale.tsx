import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { describeProblems } from '@/api/problem';
import { usePreferences } from '@/session/preferences';
import { type Catalogue, fill, type Parameters } from './catalogue';
import { en, type Texts } from './en';

export type Key = keyof Texts;

const english: Catalogue = { ...en };

/** Adds the English texts of a feature that is loaded later. */
export function add(texts: Catalogue): void {
  Object.assign(english, texts);
}

type Language = 'en' | 'de';

interface Locale {
  /** "en" or "de": the texts. */
  language: Language;
  /** The browser's region of it: numbers and dates. */
  tag: string;
  timeZone: string;
  texts: Catalogue;
}

const LocaleContext = createContext<Locale | null>(null);

/** The region that numbers and dates are written for: the browser's first of the language, else the language's own. */
export function regionOf(language: string, languages: readonly string[]): string {
  return languages.find((one) => one.toLowerCase().split('-')[0] === language) ?? language;
}

async function catalogueOf(language: Language): Promise<Catalogue> {
  if (language === 'en') {
    describeProblems((_, stated) => stated);
    return english;
  }
  const { de, problems } = await import('./de');
  // What has no text of its own stays in the language it came in, and is marked.
  describeProblems(
    (code, stated) => problems[code] ?? (stated && fill(de['explanation.original'], { reason: stated }, language)),
  );
  return de;
}

/** Loads the texts of the chosen language; English is always there. */
export function LocaleProvider({ children }: { children: ReactNode }) {
  const { language, timeZone } = usePreferences();
  // The current texts stay until those of the other language are loaded.
  const [shown, setShown] = useState<{ language: Language; texts: Catalogue } | null>(
    language === 'en' ? { language, texts: english } : null,
  );
  useEffect(() => {
    let wanted = true;
    catalogueOf(language).then(
      (texts) => wanted && setShown({ language, texts }),
      () => wanted && setShown((old) => old ?? { language: 'en', texts: english }), // not reachable: better English than nothing
    );
    return () => {
      wanted = false;
    };
  }, [language]);
  const spoken = shown?.language;
  useEffect(() => {
    if (spoken) document.documentElement.lang = spoken;
  }, [spoken]);
  const locale = useMemo<Locale | null>(
    () => shown && { ...shown, tag: regionOf(shown.language, navigator.languages), timeZone },
    [shown, timeZone],
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
    const t: Translate = (key, parameters) => fill(texts[key] ?? english[key] ?? key, parameters, tag);
    return Object.assign(t, {
      maybe: (key: string, otherwise: string) => texts[key] ?? english[key] ?? otherwise,
    });
  }, [texts, tag]);
}
