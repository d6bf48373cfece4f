import { useState } from 'react';
import type { ProposedDocument } from '@/api';
import { Button, cx } from '@/ui';
import { type Line, linesOf } from './lines';
import { partsOf } from './parts';
import { useT } from './texts';
import { Visible } from './Visible';

/** So many lines are drawn at once; all of them when they are asked for. */
const atOnce = 400;

/** What a document changes, by lines, and its source. */
export function Difference({ one }: { one: ProposedDocument }) {
  const t = useT();
  const [all, setAll] = useState(false);
  const { diff } = one;
  const hunks = (diff?.hunks ?? []).map(linesOf);
  const count = hunks.reduce((sum, lines) => sum + lines.length, 0);
  let left = all ? count : atOnce;
  const drawn = hunks.flatMap((lines) => {
    const some = lines.slice(0, Math.max(0, left));
    left -= lines.length;
    return some.length > 0 ? [some] : [];
  });
  return (
    <div className="flex flex-col gap-2">
      <h3 className="text-sm font-semibold">
        {t('proposals.difference')}
        {diff && (
          <span className="font-normal text-muted">
            {' · '}
            {t('proposals.lines', { added: diff.added, removed: diff.removed })}
          </span>
        )}
      </h3>
      {hasHidden(one) && <p className="text-sm text-danger">{t('proposals.hidden_characters')}</p>}
      {!diff && <p className="text-sm text-warning">{t('proposals.no_base')}</p>}
      {diff?.cut && <p className="text-sm text-warning">{t('proposals.cut')}</p>}
      {diff && count === 0 && !diff.cut && <p className="text-sm text-muted">{t('proposals.same')}</p>}
      {drawn.length > 0 && <Lines hunks={drawn} label={t('proposals.difference')} />}
      {!all && count > atOnce && (
        <div>
          <Button size="sm" onClick={() => setAll(true)}>
            {t('proposals.all_lines', { count })}
          </Button>
        </div>
      )}
      <Source source={one.source ?? ''} />
    </div>
  );
}

/** Whether something in what is proposed would not be seen. */
function hasHidden(one: ProposedDocument): boolean {
  return (one.source ?? '').split('\n').some((line) => partsOf(line).some((part) => part.named));
}

const looks: Record<Line['kind'], { row: string; sign: string }> = {
  added: { row: 'bg-success-soft', sign: '+' },
  removed: { row: 'bg-danger-soft', sign: '−' },
  same: { row: '', sign: '' },
  note: { row: 'text-muted italic', sign: '' },
};

/** Lines with their numbers in both texts. They wrap: nothing is out of sight on the right. */
function Lines({ hunks, label }: { hunks: Line[][]; label: string }) {
  const t = useT();
  return (
    <table aria-label={label} className="w-full table-fixed border border-line font-mono text-xs">
      <colgroup>
        <col className="w-9 sm:w-11" />
        <col className="w-9 sm:w-11" />
        <col className="w-5" />
        <col />
      </colgroup>
      {hunks.map((lines, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the hunks of a proposal never change
        <tbody key={n} className={n > 0 ? 'border-t-4 border-line' : undefined}>
          {lines.map((line, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: nor do their lines
            <tr key={place} className={cx('align-top', looks[line.kind].row)}>
              <td className="px-1 text-right text-muted select-none">{line.before}</td>
              <td className="px-1 text-right text-muted select-none">{line.after}</td>
              <td className="text-center">
                <span aria-hidden="true">{looks[line.kind].sign}</span>
                {(line.kind === 'added' || line.kind === 'removed') && (
                  <span className="sr-text">{t(`proposals.line_${line.kind}`)}</span>
                )}
              </td>
              <td className="pr-2 whitespace-break-spaces wrap-anywhere">
                <Visible text={line.text} />
              </td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}

function Source({ source }: { source: string }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="inline-flex min-h-6 items-center text-sm text-accent-ink underline">
        {t('proposals.source')}
      </summary>
      {open && (
        <Lines
          label={t('proposals.source')}
          hunks={[
            source
              .replace(/\n$/, '')
              .split('\n')
              .map((text, n) => ({ kind: 'same', text, before: null, after: n + 1 })),
          ]}
        />
      )}
    </details>
  );
}
