import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FileSearch, Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { answer, asProblem, client, keys, workflowsQuery } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { useStateNames } from '@/queue/stateNames';
import { useSession } from '@/session';
import { cx, Dialog, Spinner } from '@/ui';
import { matching, useRegisteredCommands } from './commands';
import { keyName, useRegisteredShortcuts } from './shortcuts';

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
  const { can } = useSession();
  const scopes = useRegisteredShortcuts();
  const registered = useRegisteredCommands();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const wanted = useSettled(text.trim(), 120);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const found = useQuery({
    queryKey: [...keys.allCases, 'palette', wanted],
    queryFn: ({ signal }) =>
      answer(client.GET('/v1/cases', { params: { query: { q: wanted, view: 'summary', limit: 8 } }, signal })),
    enabled: wanted.length > 1 && can('cases:personal'),
    placeholderData: (old) => old,
  });
  const title = useTitle();
  const workflows = useQuery({ ...workflowsQuery, enabled: wanted.length > 1 && can('workflows:read') }).data;
  const states = useStateNames((found.data?.data ?? []).map((one) => one.workflow.id));
  const seen = new Set<string>(); // the innermost scope's meaning of a key is the one that counts
  const byKey = [...scopes]
    .reverse()
    .flatMap((scope) => scope.shortcuts)
    .filter((one) => one.enabled !== false && !seen.has(one.keys) && seen.add(one.keys))
    .map((one) => ({ id: `key ${one.keys}`, label: one.label, detail: keyName(one.keys), run: one.run }));
  const commands: Choice[] = matching([...byKey, ...registered], text).map(({ id, ...rest }) => ({ key: id, ...rest }));
  const cases: Choice[] =
    wanted.length > 1
      ? (found.data?.data ?? []).map((one) => ({
          key: one.id,
          label: <bdi>{one.subject.name || one.external_id || one.id}</bdi>,
          detail: [
            title(workflows?.find((each) => each.id === one.workflow.id) ?? {}, one.workflow.id),
            one.configuration.map((path) => states(path, one.workflow.id)).join(', '),
          ].join(' · '),
          icon: <FileSearch aria-hidden="true" className="size-4 text-muted" />,
          run: () => void navigate({ to: '/cases/$caseId', params: { caseId: one.id } }),
        }))
      : [];
  const choices = [...cases, ...commands].slice(0, 40);
  const searching = wanted.length > 1 && (found.isFetching || wanted !== text.trim());
  const problem = wanted.length > 1 && found.isError ? asProblem(found.error) : null;
  useEffect(() => {
    if (at >= choices.length) setAt(Math.max(0, choices.length - 1));
  }, [at, choices.length]);
  useEffect(() => {
    document.getElementById(`${list}-${at}`)?.scrollIntoView?.({ block: 'nearest' });
  }, [list, at]);
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    done();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt((old) => Math.min(choices.length - 1, Math.max(0, old + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      take(choices[at]);
    }
  };
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-2 rounded-md border border-line-strong bg-surface px-2.5">
        {searching ? <Spinner /> : <Search aria-hidden="true" className="size-4 shrink-0 text-muted" />}
        <input
          ref={field}
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
      {problem && (
        <p role="alert" className="px-2 text-sm text-danger">
          {reasonOf(t, problem)}
        </p>
      )}
      {choices.length === 0 && !searching && !problem && (
        <p className="px-2 py-3 text-center text-sm text-muted">{t('palette.nothing')}</p>
      )}
      <p role="status" className="sr-text">
        {searching ? '' : t('palette.count', { count: choices.length })}
      </p>
    </div>
  );
}

/** A value once it has not changed for some milliseconds. */
function useSettled(value: string, wait: number): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}
