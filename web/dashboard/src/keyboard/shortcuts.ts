import { useEffect, useRef, useSyncExternalStore } from 'react';
import { getPreferences } from '@/session/preferences';

// Keys that do things. They never fire while the user types, nor with a modifier, and can be switched off.

export interface Shortcut {
  /** "j", "?", "Enter", or two keys in sequence: "g q" */
  keys: string;
  label: string;
  run: () => void;
  enabled?: boolean;
}

interface Scope {
  title: string;
  shortcuts: Shortcut[];
}

const scopes: { current: Scope }[] = [];
const listeners = new Set<() => void>();
let snapshot: Scope[] = [];

function changed() {
  snapshot = scopes.map((scope) => scope.current);
  for (const listener of listeners) listener();
}

/** Whether a key belongs to text that the user is typing. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[contenteditable=""], [contenteditable="true"]')) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'submit', 'reset', 'range'].includes(target.type);
  return ['textbox', 'searchbox', 'combobox', 'spinbutton'].includes(target.getAttribute('role') ?? '');
}

/** Whether Enter and Space have a meaning of their own here. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('button, a[href], summary, [role="menuitem"], [role="tab"], input') !== null
  );
}

/** What is open over the page and has the keyboard to itself. */
const owners = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]';

function isOwned(target: EventTarget | null): boolean {
  return (
    document.querySelector('[data-modal]') !== null || (target instanceof Element && target.closest(owners) !== null)
  );
}

/** These go on while the key is held; what decides something does not. */
const moves = new Set(['j', 'k', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight']);

/** How long the second key of a sequence is waited for, in milliseconds. */
const patience = 1_200;
let first: { key: string; at: number } | null = null;

function onKey(event: KeyboardEvent) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!getPreferences().shortcuts || isWriting(event.target)) return;
  if (isOwned(event.target)) return;
  if ((event.key === 'Enter' || event.key === ' ') && isControl(event.target)) return;
  const sequence = first && event.timeStamp - first.at < patience ? `${first.key} ${event.key}` : '';
  const found = find(sequence) ?? find(event.key);
  first = null;
  if (found) {
    event.preventDefault();
    if (!event.repeat || moves.has(event.key)) found.run();
    return;
  }
  if (!event.repeat && starts(event.key)) first = { key: event.key, at: event.timeStamp };
}

/** The innermost scope that has the keys comes first. */
function find(keys: string): Shortcut | undefined {
  if (!keys) return undefined;
  for (const scope of [...scopes].reverse()) {
    const shortcut = scope.current.shortcuts.find((one) => one.keys === keys && one.enabled !== false);
    if (shortcut) return shortcut;
  }
  return undefined;
}

function starts(key: string): boolean {
  return scopes.some((scope) => scope.current.shortcuts.some((one) => one.keys.startsWith(`${key} `)));
}

/** Registers shortcuts while the component is mounted. */
export function useShortcuts(title: string, shortcuts: Shortcut[]) {
  const scope = useRef<Scope>({ title, shortcuts });
  useEffect(() => {
    scope.current = { title, shortcuts };
    changed();
  });
  useEffect(() => {
    scopes.push(scope);
    if (scopes.length === 1) window.addEventListener('keydown', onKey);
    changed();
    return () => {
      scopes.splice(scopes.indexOf(scope), 1);
      if (scopes.length === 0) window.removeEventListener('keydown', onKey);
      changed();
    };
  }, []);
}

/** A key as it is written for people: on Apple's keyboards ⌘ stands for Ctrl. */
export function keyName(keys: string, platform = navigator.platform): string {
  const names: Record<string, string> = { Enter: '↵', ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→' };
  return keys
    .split(' ')
    .map((key) => (key === 'Ctrl' && /^(Mac|iP)/.test(platform) ? '⌘' : (names[key] ?? key)))
    .join(' ');
}

/** All shortcuts that work now, for the help. */
export function useRegisteredShortcuts(): Scope[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}
