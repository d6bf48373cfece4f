import { useSyncExternalStore } from 'react';

export interface Preferences {
  theme: 'light' | 'dark' | 'system';
  language: 'en' | 'de';
  timeZone: string;
  shortcuts: boolean;
  autoNext: boolean;
}

const prefix = 'ballerine.';
const listeners = new Set<() => void>();

function read(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null; // storage is switched off: the defaults are used
  }
}

function isZone(name: string | null): name is string {
  try {
    return name !== null && name !== '' && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** The zone that the browser is in. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function load(): Preferences {
  const theme = read('theme');
  const language = read('language') ?? navigator.language.slice(0, 2);
  const zone = read('timeZone');
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    language: language === 'de' ? 'de' : 'en',
    timeZone: isZone(zone) ? zone : browserZone(),
    shortcuts: read('shortcuts') !== 'off',
    autoNext: read('autoNext') !== 'off',
  };
}

let preferences = load();
const dark = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null;

function paint() {
  const theme = preferences.theme === 'system' ? (dark?.matches ? 'dark' : 'light') : preferences.theme;
  document.documentElement.dataset['theme'] = theme;
}

dark?.addEventListener('change', paint);

/** Changes preferences; they are kept in this browser. */
export function setPreferences(change: Partial<Preferences>) {
  preferences = { ...preferences, ...change };
  for (const [name, value] of Object.entries(change)) {
    const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : value;
    try {
      // What follows the system or the browser is not kept: it follows.
      const follows = (name === 'theme' && value === 'system') || (name === 'timeZone' && value === browserZone());
      if (follows) localStorage.removeItem(prefix + name);
      else localStorage.setItem(prefix + name, text);
    } catch {
      // storage is switched off: the change lasts as long as the page
    }
  }
  paint();
  for (const listener of listeners) listener();
}

export function getPreferences(): Preferences {
  return preferences;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => preferences,
  );
}
