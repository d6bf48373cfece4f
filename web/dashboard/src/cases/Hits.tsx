import { Link } from '@tanstack/react-router';
import type { Case } from '@/api';
import { Time, useT } from '@/i18n';
import { labelOf } from '@/queue/schema';
import { Field, Textarea } from '@/ui';
import type { CaseDraft } from './draft';
import { beforeOf } from './hits';

type Hit = NonNullable<Case['needs']>['hits'][number];

const shown = ['name', 'list', 'birth_year', 'date_of_birth', 'country', 'score'];

/** What a vendor reported about a possible match, in one line: the name first. */
function lineOf(hit: Hit): string {
  const value: Record<string, unknown> = hit.value;
  const known = shown.filter((name) => value[name] !== null && value[name] !== undefined && value[name] !== '');
  const text = known
    .map((name) => (name === 'name' ? String(value[name]) : `${labelOf(name)}: ${String(value[name])}`))
    .join(' · ');
  return text || hit.id;
}

interface Answering {
  draft: CaseDraft;
  change: (part: Partial<CaseDraft>) => void;
  /** The decision is one in favour of the case: each match needs a comment. */
  approving: boolean;
  missing: boolean;
}

/** Each possible match, with the question whether it is one. Those that were cleared before are folded, and can be answered again. */
export function Hits({ hits, cleared, ...answering }: Answering & { hits: Hit[]; cleared: Hit[] }) {
  const t = useT();
  return (
    <div className="flex flex-col gap-2">
      {hits.map((hit) => (
        <Question key={hit.id} hit={hit} {...answering} />
      ))}
      {cleared.length > 0 && (
        <details className="rounded-md border p-2">
          <summary className="cursor-pointer text-sm">{t('cases.hits_cleared', { count: cleared.length })}</summary>
          <div className="mt-2 flex flex-col gap-2">
            {cleared.map((hit) => (
              <Question key={hit.id} hit={hit} {...answering} missing={false} />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

function Question({ hit, draft, change, approving, missing }: Answering & { hit: Hit }) {
  const t = useT();
  const answers = draft.hits ?? {};
  const comments = draft.hitComments ?? {};
  return (
    <fieldset className="rounded-md border p-2">
      <legend className="float-left mb-1 w-full text-sm font-medium">
        <bdi>{hit.value.left_out ? t('cases.hits_left_out', { count: Number(hit.value.left_out) }) : lineOf(hit)}</bdi>
        {hit.former_since && (
          <span className="block font-normal text-warning">
            {t('cases.hit_former')} <Time value={hit.former_since} />
          </span>
        )}
        <EarlierAnswer hit={hit} />
      </legend>
      <div className="clear-both flex flex-wrap gap-x-4 gap-y-1">
        {(['not_a_match', 'match'] as const).map((answer) => (
          <label key={answer} className="inline-flex min-h-6 items-center gap-1.5 text-sm">
            <input
              type="radio"
              name={`hit-${hit.id}`}
              checked={answers[hit.id] === answer}
              onChange={() => change({ hits: { ...answers, [hit.id]: answer } })}
            />
            {t(`cases.hit_${answer}`)}
          </label>
        ))}
      </div>
      {missing && !answers[hit.id] && <p className="text-xs font-medium text-danger">{t('cases.hit_missing')}</p>}
      {approving && answers[hit.id] === 'match' && (
        <Field
          label={t('cases.hit_why')}
          required
          error={missing && !comments[hit.id]?.trim() ? t('cases.comment_missing') : undefined}
        >
          {(control) => (
            <Textarea
              {...control}
              rows={1}
              maxLength={2000}
              value={comments[hit.id] ?? ''}
              onChange={(event) => change({ hitComments: { ...comments, [hit.id]: event.target.value } })}
            />
          )}
        </Field>
      )}
    </fieldset>
  );
}

/** How a hit was answered for this subject before, by whom and where, and what has changed since. */
function EarlierAnswer({ hit }: { hit: Hit }) {
  const t = useT();
  const before = beforeOf(hit.value);
  if (!before) return null;
  return (
    <span className={`block font-normal ${hit.cleared ? 'text-muted' : 'text-warning'}`}>
      {t(`cases.hit_before_${before.answer}`)} <Time value={before.at} /> · <bdi>{before.by}</bdi> ·{' '}
      <Link to="/cases/$caseId" params={{ caseId: before.case }} className="underline">
        {t('cases.hit_before_case')}
      </Link>
      {before.changed.length > 0 && (
        <>
          {'. '}
          {t('cases.hit_changed', {
            what: before.changed.map((part) => t.maybe(`cases.hit_changed_${part}`, part)).join(', '),
          })}
        </>
      )}
    </span>
  );
}
