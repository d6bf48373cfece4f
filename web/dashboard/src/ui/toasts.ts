import { useSyncExternalStore } from 'react';
import type { Tone } from './Chip';

export interface ToastAction {
  label: string;
  onClick: () => void;
}

export interface Toast {
  id: number;
  title: string;
  description?: string;
  tone: Tone;
  action?: ToastAction;
  /** When it disappears by itself, in milliseconds since the epoch; null: when it is closed. */
  until: number | null;
  /** The time that is left is shown: it matters. */
  countdown: boolean;
}

export interface ToastOptions {
  title: string;
  description?: string;
  tone?: Tone;
  action?: ToastAction;
  /** Milliseconds; null: stays until it is closed. Problems stay longer than good news. */
  duration?: number | null;
  countdown?: boolean;
}

let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function notify() {
  for (const listener of listeners) listener();
}

/** Shows a message at the edge of the page; returns a function that removes it. */
export function toast({
  title,
  description,
  tone = 'neutral',
  action,
  duration,
  countdown = false,
}: ToastOptions): () => void {
  const id = next++;
  const life = duration === undefined ? (tone === 'danger' ? 12_000 : 5_000) : duration;
  toasts = [
    ...toasts.slice(-3),
    { id, title, description, tone, action, until: life === null ? null : Date.now() + life, countdown },
  ];
  notify();
  return () => dismiss(id);
}

export function dismiss(id: number) {
  toasts = toasts.filter((one) => one.id !== id);
  notify();
}

/** Removes messages whose time is over. */
export function expire(now: number) {
  const left = toasts.filter((one) => one.until === null || one.until > now);
  if (left.length !== toasts.length) {
    toasts = left;
    notify();
  }
}

/** Whole seconds that are left, at least one while it is shown. */
export function secondsLeft(one: Toast, now: number): number {
  return one.until === null ? 0 : Math.max(1, Math.ceil((one.until - now) / 1000));
}

export function useToasts(): Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
