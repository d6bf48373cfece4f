import { CircleCheck, CircleMinus, CircleX } from 'lucide-react';
import { useLocale, useT } from '@/i18n';
import { inputText, type RuleStep } from './checks';
import { StepText } from './Foreign';
import { usePlaceName } from './names';
import { resultWord } from './resultWords';

const statusIcons = {
  passed: <CircleX aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-danger" />,
  failed: <CircleCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-success" />,
  skipped: <CircleMinus aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />,
};

function Step({ step }: { step: RuleStep }) {
  const t = useT();
  const { language } = useLocale();
  const placeName = usePlaceName();
  // An object is named by what was read of it; of a place, its end is enough.
  const inputs = Object.entries(step.inputs).filter(
    ([path], _, all) => !all.some(([other]) => other.startsWith(`${path}.`)),
  );
  const shortName = (path: string) => placeName(path).split(' › ').slice(-2).join(' › ');
  const valueText = (value: unknown) =>
    typeof value === 'boolean'
      ? t(value ? 'common.yes' : 'common.no')
      : (typeof value === 'string' && resultWord(value, language)) || inputText(value);
  return (
    <li className="flex gap-2">
      {statusIcons[step.status]}
      <div className="min-w-0">
        <p>
          <span className="sr-text">{t(`cases.rule_${step.status}`)}: </span>
          <span className={step.status === 'passed' ? 'font-medium' : undefined}>
            <StepText step={step} />
          </span>
        </p>
        <p className="text-xs text-faint">
          {t(`cases.rule_${step.status}`)}
          {inputs.map(([path, value]) => {
            const shown = valueText(value); // personal data are named and not repeated
            return ` · ${shown === null ? shortName(path) : `${shortName(path)}: ${shown}`}`;
          })}
        </p>
      </div>
    </li>
  );
}

/** The rules that matter for the outcome, and the others behind a fold. */
export function Steps({ trace, open }: { trace: readonly RuleStep[]; open: boolean }) {
  const t = useT();
  const sorted = [...trace].sort((a, b) => rank(a) - rank(b));
  const quiet = sorted.filter((step) => step.status === 'failed');
  const list = (steps: RuleStep[]) => (
    <ul className="flex flex-col gap-2">
      {steps.map((step) => (
        <Step key={step.rule} step={step} />
      ))}
    </ul>
  );
  return (
    <div className="flex flex-col gap-2">
      {list(sorted.filter((step) => step.status !== 'failed'))}
      {quiet.length > 0 && (
        <details open={open}>
          <summary className="min-h-6 cursor-pointer text-sm text-muted">
            {t('cases.rules_quiet', { count: quiet.length })}
          </summary>
          <div className="pt-2">{list(quiet)}</div>
        </details>
      )}
    </div>
  );
}

function rank(step: RuleStep): number {
  return { passed: 0, skipped: 1, failed: 2 }[step.status];
}
