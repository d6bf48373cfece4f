import { useEffect, useRef, useState } from 'react';
import type { Note } from '@/api';

// Which notes the user has not seen yet. What was seen is stored in this browser: a case's id and a time, for the newest cases.

const most = 500;
const keyOf = (person: string) => `ballerine.notes-seen.${person}`;

type Seen = [caseId: string, at: string][];

function read(person: string): Seen {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(keyOf(person)) ?? '[]');
    return Array.isArray(value)
      ? value.filter((one): one is Seen[number] => Array.isArray(one) && one.length === 2)
      : [];
  } catch {
    return [];
  }
}

/** Remembers that the notes of a case were seen up to a time. */
export function markSeen(person: string, caseId: string, at: string) {
  try {
    const others = read(person).filter(([id]) => id !== caseId);
    localStorage.setItem(keyOf(person), JSON.stringify([...others, [caseId, at]].slice(-most)));
  } catch {
    // storage is full or switched off: they are new again next time
  }
}

/** The time up to which the notes of a case were seen. */
export function seenUntil(person: string, caseId: string): string | null {
  return read(person).find(([id]) => id === caseId)?.[1] ?? null;
}

/** The notes of others that came after a time. */
export function unreadOf(notes: readonly Note[], person: string, until: string | null): Note[] {
  return notes.filter((note) => note.by.id !== person && (until === null || Date.parse(note.at) > Date.parse(until)));
}

/** The ids of notes that are new to a person; they stay new for as long as the page is open. */
export function useUnread(notes: readonly Note[] | undefined, person: string, caseId: string): ReadonlySet<string> {
  const [until] = useState(() => seenUntil(person, caseId));
  const newest = notes?.at(-1)?.at;
  useEffect(() => {
    if (newest) markSeen(person, caseId, newest);
  }, [newest, person, caseId]);
  return new Set(unreadOf(notes ?? [], person, until).map((note) => note.id));
}

/** Calls back for each note by another person that arrives while the page is open; earlier ones are not new. */
export function useArrival(notes: readonly Note[] | undefined, person: string, onArrival: (note: Note) => void) {
  const known = useRef<ReadonlySet<string> | null>(null);
  const arrived = useRef(onArrival);
  arrived.current = onArrival;
  useEffect(() => {
    if (!notes) return;
    const before = known.current;
    known.current = new Set(notes.map((note) => note.id));
    if (!before) return;
    for (const note of notes) {
      if (note.by.id !== person && !before.has(note.id)) arrived.current(note);
    }
  }, [notes, person]);
}
