import type { Case } from '@/api';
import { Time, useFormats, useT } from '@/i18n';
import { Chip, type Tone } from '@/ui';

const severities: Record<string, Tone> = { low: 'success', medium: 'warning', high: 'danger', critical: 'danger' };

/** The answer of the newest policy. */
export function RiskChip({ risk }: { risk: Case['risk'] }) {
  const t = useT();
  const { number } = useFormats();
  if (!risk) return <span className="text-faint">—</span>;
  return (
    <Chip tone={severities[risk.severity] ?? 'neutral'} dot>
      {t.maybe(`risk.${risk.severity}`, risk.severity)} · {number(risk.score, 0)}
    </Chip>
  );
}

/** For whom an open case waits, and since when. */
export function WaitingFor({ one }: { one: Pick<Case, 'waiting'> }) {
  const t = useT();
  if (!one.waiting) return <span className="text-faint">—</span>;
  const text =
    t(`queue.waits_for_${one.waiting.for}`) + (one.waiting.work ? `: ${workTitle(t, one.waiting.work)}` : '');
  return (
    <span className="flex min-w-0 items-baseline gap-1.5">
      <span className="truncate" title={text}>
        {text}
      </span>
      <Time value={one.waiting.since} className="shrink-0 text-xs text-muted max-md:hidden" />
    </span>
  );
}

/** What a piece of work is called: as the shipped workflows' by the dashboard, else its id as words. */
export function workTitle(t: ReturnType<typeof useT>, id: string): string {
  return t.maybe(`work.${id}`, workName(id));
}

/** The id of a work as words. */
export function workName(id: string): string {
  return id.replaceAll('_', ' ');
}

const outcomes: Record<string, Tone> = { approved: 'success', rejected: 'danger', expired: 'neutral' };

/** The tone of a state, from its definition in the workflow. */
export function stateTone(one: Pick<Case, 'status' | 'outcome' | 'tags'>): Tone {
  if (one.status === 'failed') return 'danger';
  if (one.status !== 'active') return outcomes[one.outcome ?? ''] ?? 'neutral';
  if (one.tags.includes('escalated')) return 'danger';
  if (one.tags.includes('manual_review')) return 'accent';
  return 'info';
}

/** What a state is called, by its path, in a workflow or, without one, in any. An outcome is the path of a final state. */
export type StateNames = (path: string, workflow?: string) => string;

/** A state's path as words: its name if it has no other. */
export function stateName(path: string): string {
  const last = path.split('.').at(-1) ?? path;
  const words = last.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Where a case is. */
export function StateChip({
  one,
  names,
}: {
  one: Pick<Case, 'status' | 'outcome' | 'tags' | 'configuration' | 'workflow'>;
  names: StateNames;
}) {
  const t = useT();
  const states = one.configuration.map((path) => names(path, one.workflow.id));
  const text =
    one.status === 'cancelled'
      ? t('status.cancelled')
      : one.status === 'failed'
        ? t('status.failed')
        : states.join(', ') || t.maybe(`status.${one.status}`, one.status);
  return <Chip tone={stateTone(one)}>{text}</Chip>;
}
