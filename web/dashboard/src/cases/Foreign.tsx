import { useLocale, useT } from '@/i18n';
import {
  isOwnStep,
  type PolicyAnswer,
  type RuleStep,
  type RuleText,
  rowsOf,
  ruleText,
  ruleTitle,
  stepWith,
} from './checks';

/** A text of a definition; one that is not in the reader's language is marked, by its language where that is known. */
export function Foreign({ text, language }: RuleText) {
  const t = useT();
  const { language: own } = useLocale();
  if (language === own || (language === null && own === 'en')) return <>{text}</>;
  if (language === null) return <>{t('explanation.original', { reason: text })}</>;
  return (
    <>
      <span lang={language}>{text}</span>{' '}
      <abbr
        title={t('explanation.original', { reason: language.toUpperCase() })}
        className="rounded-sm border px-1 text-xs font-normal text-muted no-underline"
      >
        {language.toUpperCase()}
      </abbr>
    </>
  );
}

/** The text of a step of a policy, in the reader's language if there is one. */
export function StepText({ step }: { step: RuleStep }) {
  const t = useT();
  const { language } = useLocale();
  if (language !== 'en' && isOwnStep(step))
    return <>{t(`cases.step_${step.rule as 'invalid' | 'unknown' | 'score'}`)}</>;
  const rows = rowsOf(step);
  if (language !== 'en' && rows)
    return (
      <>
        {t(rows.many ? 'cases.rows_apply' : 'cases.row_applies', {
          rows: rows.numbers.replace(' and ', ` ${t('cases.rows_and')} `),
          table: ruleTitle(step, language),
        })}{' '}
        {rows.rest && <Foreign text={rows.rest} language={null} />}
      </>
    );
  return <Foreign {...ruleText(step, language)} />;
}

/** What the API writes in the place of text that a role does not see. */
export const redacted = '[redacted]';

/** One of the reasons of a case's risk. */
export function RiskReason({ reason, answers }: { reason: string; answers: readonly PolicyAnswer[] }) {
  const t = useT();
  if (reason === redacted) return <>{t('cases.hidden')}</>;
  const step = stepWith(answers, reason);
  return step ? <StepText step={step} /> : <Foreign text={reason} language={null} />;
}
