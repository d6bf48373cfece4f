import { useSyncExternalStore } from 'react';

// Whether the API answers, and whether the session is good: what the banner and the sign-in dialog show.

export interface Connection {
  reachable: boolean;
  signedOut: boolean;
}

let connection: Connection = { reachable: true, signedOut: false };
const listeners = new Set<() => void>();

function become(next: Connection) {
  if (next.reachable === connection.reachable && next.signedOut === connection.signedOut) return;
  connection = next;
  for (const listener of listeners) listener();
}

export function reportReachable() {
  become({ ...connection, reachable: true });
}

export function reportUnreachable() {
  become({ ...connection, reachable: false });
}

let signingOut = false;

/** The person ends the session: no dialog is needed then. */
export function reportSigningOut() {
  signingOut = true;
}

export function reportSignedOut() {
  if (!signingOut) become({ ...connection, signedOut: true });
}

export function reportSignedIn() {
  become({ ...connection, signedOut: false });
}

if (typeof window !== 'undefined') {
  window.addEventListener('offline', reportUnreachable); // the next response shows that it is online again
}

export function getConnection(): Connection {
  return connection;
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}
