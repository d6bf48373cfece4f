import { useSyncExternalStore } from 'react';

// How people are distinguished where there is only space for a picture: no two of those who are known have the same letters, and
// of a dozen no two the same colour.

export interface Face {
  letters: string;
  /** of the colour, in degrees */
  hue: number;
}

/** Neighbours in the alphabet get colours that are far apart. */
const goldenAngle = 137.5;
const firstHue = 265;

const capital = (text: string) => text.toUpperCase();

/** The letters that a name can be shortened to, the usual ones first: at most two, whatever the script. */
function shortened(name: string): string[] {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [...(words[0] ?? '?')];
  const last = words.length > 1 ? [...(words.at(-1) ?? '')] : [];
  const start = capital(first[0] ?? '?');
  return [
    last.length > 0 ? start + capital(last[0] ?? '') : start,
    ...first.slice(1).map((letter) => start + letter),
    ...last.slice(1).map((letter) => start + letter),
  ];
}

/** The first letters of a name. */
export function initials(name: string): string {
  return shortened(name)[0] ?? '?';
}

/** A face for each of some names. */
export function facesOf(names: readonly string[]): Map<string, Face> {
  const taken = new Set<string>();
  const faces = new Map<string, Face>();
  for (const name of [...new Set(names)].sort()) {
    const options = shortened(name);
    const letters = options.find((one) => !taken.has(one)) ?? initials(name);
    taken.add(letters);
    faces.set(name, { letters, hue: Math.round(firstHue + faces.size * goldenAngle) % 360 });
  }
  return faces;
}

/** Of an unknown person: always the same. */
function stranger(name: string): Face {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
  return { letters: initials(name), hue: Math.round(sum * goldenAngle) % 360 };
}

let known = new Map<string, Face>();
const listeners = new Set<() => void>();

/** Makes people known, so that they look different. */
export function knowPeople(names: readonly string[]) {
  if (names.length === known.size && names.every((name) => known.has(name))) return;
  known = facesOf(names);
  for (const listener of listeners) listener();
}

export function useFace(name: string): Face {
  const faces = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => known,
  );
  return faces.get(name) ?? stranger(name);
}
