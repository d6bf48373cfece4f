import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FileSearch, Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useId, useState } from 'react';
import { answer, client } from '@/api';
import { useT } from '@/i18n';
import { cx, Dialog } from '@/ui';
import { useRegisteredShortcuts } from './shortcuts';

interface Choice {
  key: string;
  label: ReactNode;
  detail?: ReactNode;
  icon?: ReactNode;
  run: () => void;
}

/** Finds cases and does what the page's keys do, by name. */
export function Palette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useT();
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('palette.title')} closeLabel={t('common.close')}>
      <PaletteBody done={() => onOpenChange(false)} />
    </Dialog>
  );
}

function PaletteBody({ done }: { done: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const scopes = useRegisteredShortcuts();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const wanted = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ['palette', wanted],
    queryFn: ({ signal }) =>
      answer(client.GET('/v1/cases', { params: { query: { q: wanted, view: 'summary', limit: 8 } }, signal })),
    enabled: wanted.length > 1,
    placeholderData: (old) => old,
  });
  const lower = text.trim().toLowerCase();
  const commands: Choice[] = scopes
    .flatMap((scope) => scope.shortcuts)
    .filter((one) => one.enabled !== false && one.label.toLowerCase().includes(lower))
    .map((one) => ({ key: `do:${one.keys}`, label: one.label, detail: one.keys, run: one.run }));
  const cases: Choice[] =
    wanted.length > 1
      ? (found.data?.data ?? []).map((one) => ({
          key: one.id,
          label: <bdi>{one.subject.name || one.external_id || one.id}</bdi>,
          detail: `${one.workflow.id} · ${one.configuration.join(', ')}`,
          icon: <FileSearch aria-hidden="true" className="size-4 text-muted" />,
          run: () => void navigate({ to: '/cases/$caseId', params: { caseId: one.id } }),
        }))
      : [];
  const choices = [...cases, ...commands].slice(0, 30);
  useEffect(() => {
    if (at >= choices.length) setAt(Math.max(0, choices.length - 1));
  }, [at, choices.length]);
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    done();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt((old) => Math.min(choices.length - 1, Math.max(0, old + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(choices[at]);
    }
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-2 rounded-md border border-line-strong bg-surface px-2.5">
        <Search aria-hidden="true" className="size-4 text-muted" />
        <input
          role="combobox"
          aria-label={t('palette.label')}
          aria-expanded={choices.length > 0}
          aria-controls={list}
          aria-activedescendant={choices[at] ? `${list}-${at}` : undefined}
          className="h-9 w-full bg-transparent text-sm outline-none"
          placeholder={t('palette.placeholder')}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={list} role="listbox" aria-label={t('palette.results')} className="max-h-80 overflow-y-auto">
        {choices.map((choice, n) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keyboard
          <div
            key={choice.key}
            id={`${list}-${n}`}
            role="option"
            tabIndex={-1}
            aria-selected={n === at}
            onClick={() => take(choice)}
            onPointerMove={() => setAt(n)}
            className={cx(
              'flex min-h-8 cursor-pointer items-center gap-2 rounded-sm px-2 text-sm',
              n === at && 'bg-hover',
            )}
          >
            {choice.icon}
            <span className="min-w-0 flex-1 truncate">{choice.label}</span>
            {choice.detail && <span className="max-w-1/2 shrink-0 truncate text-xs text-muted">{choice.detail}</span>}
          </div>
        ))}
      </div>
      {choices.length === 0 && <p className="px-2 py-3 text-center text-sm text-muted">{t('palette.nothing')}</p>}
      <p role="status" className="sr-text">
        {t('palette.count', { count: choices.length })}
      </p>
    </div>
  );
}
