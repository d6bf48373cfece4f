import type { Case } from '@/api';
import { Time, useT } from '@/i18n';
import { labelOf } from '@/queue/schema';
import type { CaseDraft } from './draft';

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

/** Each possible match, with the question whether it is one. */
export function Hits({
  hits,
  draft,
  change,
  missing,
}: {
  hits: Hit[];
  draft: CaseDraft;
  change: (part: Partial<CaseDraft>) => void;
  missing: boolean;
}) {
  const t = useT();
  const answers = draft.hits ?? {};
  return (
    <div className="flex flex-col gap-2">
      {hits.map((hit) => (
        <fieldset key={hit.id} className="rounded-md border p-2">
          <legend className="float-left mb-1 w-full text-sm font-medium">
            <bdi>
              {hit.value.left_out ? t('cases.hits_left_out', { count: Number(hit.value.left_out) }) : lineOf(hit)}
            </bdi>
            {hit.former_since && (
              <span className="block font-normal text-warning">
                {t('cases.hit_former')} <Time value={hit.former_since} />
              </span>
            )}
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
        </fieldset>
      ))}
    </div>
  );
}
