import { useSyncExternalStore } from 'react';
import type { Case } from '@/api';
import { useFormats, useT } from '@/i18n';
import { Chip, type Tone } from '@/ui';

// One clock for all chips: a table of thousands of rows does not redraw itself for it.
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, 15_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** How a clock stands: breached, in its last quarter, or fine. */
export function clockTone(startedAt: string, dueAt: string, at: number): Tone {
  const due = Date.parse(dueAt);
  if (at >= due) return 'danger';
  const left = due - at;
  return left < (due - Date.parse(startedAt)) / 4 ? 'warning' : 'neutral';
}

/** How soon a person should decide. */
export function SlaChip({ sla }: { sla: Case['sla'] }) {
  const t = useT();
  const formats = useFormats();
  const at = useNow();
  if (!sla) return <span className="text-faint">—</span>;
  const due = new Date(sla.due_at);
  const tone = clockTone(sla.started_at, sla.due_at, at);
  const span = formats.duration(Math.abs(due.getTime() - at) / 1000);
  return (
    <Chip tone={tone} dot title={formats.exact(due)}>
      {tone === 'danger' ? t('queue.sla_breached', { time: span }) : t('queue.sla_left', { time: span })}
    </Chip>
  );
}
