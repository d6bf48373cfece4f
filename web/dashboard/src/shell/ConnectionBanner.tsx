import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useT } from '@/i18n';
import { reportReachable, useConnection } from '@/session/connection';
import { toast } from '@/ui';

/** How often an unreachable server is tried again, in milliseconds. */
const interval = 2_000;

/** States that the server is unreachable and that no data is lost; disappears when it responds again. */
export function ConnectionBanner() {
  const t = useT();
  const { reachable } = useConnection();
  const queries = useQueryClient();
  const was = useRef(reachable);
  useEffect(() => {
    if (reachable) {
      if (!was.current) {
        void queries.invalidateQueries();
        toast({ title: t('connection.back'), tone: 'success' });
      }
      was.current = true;
      return;
    }
    was.current = false;
    const look = () => {
      fetch('/v1/health', { cache: 'no-store' })
        .then((response) => response.ok && reportReachable())
        .catch(() => undefined); // still unreachable
    };
    const timer = setInterval(look, interval);
    window.addEventListener('online', look);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', look);
    };
  }, [reachable, queries, t]);
  return (
    <div role="status" aria-live="assertive" className="no-print">
      {!reachable && (
        <p className="border-b bg-warning-soft px-4 py-1.5 text-sm text-warning">{t('connection.away')}</p>
      )}
    </div>
  );
}
