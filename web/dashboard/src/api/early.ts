// Calls that are made before the page that needs them has been loaded: its code, the session and the data come at the same time
// and not one after the other. Each answer is taken once, by the query that would have made the call.

/** How long an answer may wait to be taken, in milliseconds. */
const fresh = 5_000;

const made = new Map<string, { call: Promise<unknown>; at: number }>();

/** Makes a call whose answer is fetched later under the same key. */
export function callEarly(key: readonly unknown[], call: () => Promise<unknown>, now = Date.now()): void {
  const early = call();
  early.catch(() => undefined); // whoever needs it calls again, and reports what is wrong
  made.set(JSON.stringify(key), { call: early, at: now });
}

/** The answer of a call that was made early, or of the call itself: where there was none, it is too old, or it has failed. */
export async function takeEarly<T>(key: readonly unknown[], call: () => Promise<T>, now = Date.now()): Promise<T> {
  const name = JSON.stringify(key);
  const early = made.get(name);
  made.delete(name);
  if (!early || now - early.at > fresh) return call();
  return (early.call as Promise<T>).catch(call);
}
