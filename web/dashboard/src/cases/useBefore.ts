import { useEffect, useState } from 'react';

/** Whether a time is in the future; updates when it has passed. */
export function useBefore(until: string | undefined): boolean {
  const [now, setNow] = useState(Date.now);
  const left = until ? Date.parse(until) - now : 0;
  useEffect(() => {
    if (!until) return;
    setNow(Date.now());
    const timer = setTimeout(() => setNow(Date.now()), Math.max(0, Date.parse(until) - Date.now()) + 20);
    return () => clearTimeout(timer);
  }, [until]);
  return left > 0;
}
