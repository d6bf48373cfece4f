import { CircleAlert, CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Case } from '@/api';
import { Time, useFormats, useLocale, useT } from '@/i18n';
import { cx } from '@/ui';
import { Foreign } from './Foreign';
import { applicantOf, hitsOf, type Likeness, sameBirth, sameCountry } from './hits';
import { birthText, matchReason } from './matchReasons';
import { resultName } from './resultNames';
import { resultWord } from './resultWords';
import { wordsOf } from './words';

/** Why a list's entry may be the person: in the reader's language as far as the sentences are the system's own. */
function Reasons({ reasons }: { reasons: readonly string[] }) {
  const { language } = useLocale();
  const writing = useFormats();
  const own = (reason: string) => matchReason(reason, language, writing) ?? resultWord(reason, language);
  const others = reasons.filter((reason) => own(reason) === undefined);
  return (
    <>
      {reasons.flatMap((reason) => own(reason) ?? []).join(' · ')}
      {others.length > 0 && others.length < reasons.length && ' · '}
      {others.length > 0 && <Foreign text={others.join(' · ')} language={null} />}
    </>
  );
}

/** Possible matches, each under what the applicant has declared, or the terms of the search. */
export function HitTable({ one, label }: { one: Pick<Case, 'context' | 'needs' | 'subject'>; label?: string }) {
  const t = useT();
  const { language } = useLocale();
  const { percent, number, date, country } = useFormats();
  const hits = hitsOf(one);
  const person = applicantOf(one);
  const compared = (like: Likeness, words: ReactNode) => (
    <span className="inline-flex items-start gap-1.5">
      {words}
      {like === 'same' && (
        <span title={t('cases.hit_same')}>
          <CircleAlert aria-hidden="true" className="mt-0.5 size-4 text-warning" />
          <span className="sr-text">{t('cases.hit_same')}</span>
        </span>
      )}
      {like === 'differs' && (
        <span title={t('cases.hit_differs')}>
          <CircleCheck aria-hidden="true" className="mt-0.5 size-4 text-success" />
          <span className="sr-text">{t('cases.hit_differs')}</span>
        </span>
      )}
    </span>
  );
  const several = (found: string[], shown: (one: string) => ReactNode) =>
    found.length === 0 ? (
      <span className="text-faint">{t('cases.hit_unknown')}</span>
    ) : (
      found.map((one) => (
        <span key={one} className="block">
          {shown(one)}
        </span>
      ))
    );
  // On a phone each row is a block of its own: what the columns are called stands before each value.
  const cell = (column: 'birth' | 'country' | 'score', value: ReactNode, look = '') => (
    <td className={cx('px-3 py-1.5 max-sm:flex max-sm:gap-2 max-sm:py-0.5', look)}>
      <span aria-hidden="true" className="w-28 shrink-0 text-xs leading-5 font-normal text-muted sm:hidden">
        {t(`cases.hit_${column}`)}
      </span>
      <span className="min-w-0">{value}</span>
    </td>
  );
  const dated = (text: string) => birthText(text, language, { date });
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={t('cases.hit_table')}>
      <table className="w-full text-sm max-sm:block">
        <thead className="text-left text-xs text-muted max-sm:sr-text">
          <tr className="border-b">
            {(['name', 'birth', 'country', 'score'] as const).map((column) => (
              <th key={column} scope="col" className="px-3 py-1.5 font-medium whitespace-nowrap">
                {t(`cases.hit_${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="max-sm:block">
          <tr className="border-b bg-canvas align-top max-sm:block max-sm:pb-1.5">
            <th scope="row" className="px-3 py-1.5 text-left font-medium wrap-anywhere max-sm:block">
              <bdi>{person.name || '—'}</bdi>
              <span className="block text-xs font-normal text-muted">{label ?? t('cases.hit_applicant')}</span>
            </th>
            {cell('birth', person.birth ? date(person.birth) : '—', 'font-medium')}
            {cell('country', person.country ? country(person.country) : '—', 'font-medium')}
            <td className="px-3 py-1.5 max-sm:hidden" />
          </tr>
          {hits.map((hit) => (
            <tr key={hit.key} className="border-b align-top last:border-0 max-sm:block max-sm:pb-1.5">
              <th scope="row" className="px-3 py-1.5 text-left font-normal wrap-anywhere max-sm:block">
                <bdi>
                  {hit.leftOut > 0
                    ? t('cases.hits_left_out', { count: hit.leftOut })
                    : hit.hidden
                      ? t('cases.hidden')
                      : hit.name || '—'}
                </bdi>
                <span className="block text-xs text-muted">
                  {hit.list}
                  {hit.list && hit.reasons.length > 0 && ' · '}
                  <Reasons reasons={hit.reasons} />
                </span>
                {hit.more.map(([name, value]) => (
                  <span key={name} className="block text-xs text-muted">
                    {resultName('screening', `hits[].${name}`, language) ?? wordsOf(name)}: <bdi>{value}</bdi>
                  </span>
                ))}
                {hit.former && (
                  <span className="block text-xs text-warning">
                    {t('cases.hit_former')} <Time value={hit.former} />
                  </span>
                )}
              </th>
              {cell(
                'birth',
                several(hit.births, (birth) =>
                  compared(sameBirth(person.birth, birth), <span className="whitespace-nowrap">{dated(birth)}</span>),
                ),
              )}
              {cell(
                'country',
                several(hit.countries, (one) => compared(sameCountry(person.country, one), country(one))),
              )}
              {cell(
                'score',
                hit.score === null ? '—' : hit.score <= 1 ? percent(hit.score) : number(hit.score),
                'tabular-nums',
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
