import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useRouterState } from '@tanstack/react-router';
import {
  Bell,
  ChevronsUpDown,
  FileDiff,
  FlaskConical,
  House,
  ListChecks,
  MailX,
  Menu as MenuIcon,
  ScanSearch,
  Search,
  Settings,
} from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { openProposalsQuery, queueQuery, usersQuery, useUnreadable, viewsQuery } from '@/api';
import { useFormats, useT } from '@/i18n';
import { type Command, keyName, useCommands, useShortcuts } from '@/keyboard';
import { waitingFor } from '@/proposals/standing';
import { setPreferences, usePreferences, useSession } from '@/session';
import { Avatar, Button, cx, Dialog, IconButton, Kbd, knowPeople, Menu, Spinner } from '@/ui';
import { ConnectionBanner } from './ConnectionBanner';
import { UndoKey } from './UndoKey';

const Palette = lazy(() => import('@/keyboard/Palette').then((m) => ({ default: m.Palette })));
const UnreadableNotes = lazy(() => import('./UnreadableNotes'));
const ShortcutHelp = lazy(() => import('@/keyboard/Help').then((m) => ({ default: m.ShortcutHelp })));

/** The frame of every page for people who are signed in. */
export function Shell() {
  const t = useT();
  const navigate = useNavigate();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const address = useRouterState({ select: (state) => state.location.href });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes when the page changes
  useEffect(() => setDrawer(false), [address]);
  useCommands(useShellCommands());
  const { can } = useSession();
  const people = useQuery({ ...usersQuery, enabled: can('cases:read') }).data;
  useEffect(() => knowPeople((people ?? []).map((one) => one.name || one.email)), [people]);
  useShortcuts(t('keyboard.everywhere'), [
    { keys: '?', label: t('keyboard.help'), run: () => setHelp(true) },
    { keys: 'g h', label: t('keyboard.go_home'), run: () => void navigate({ to: '/' }) },
    { keys: 'g q', label: t('keyboard.go_queue'), run: () => void navigate({ to: '/queue' }) },
    { keys: 'g n', label: t('shell.notifications'), run: () => void navigate({ to: '/notifications' }) },
    { keys: 'g s', label: t('keyboard.go_settings'), run: () => void navigate({ to: '/settings' }) },
  ]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !event.altKey && !event.shiftKey) {
        event.preventDefault();
        setPalette((open) => !open);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <div className="flex h-dvh flex-col md:flex-row print-flow">
      <a
        href="#content"
        className="no-print sr-text focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2"
      >
        {t('shell.skip')}
      </a>
      <header className="flex h-12 shrink-0 items-center gap-2 border-b bg-surface px-2 md:hidden no-print">
        <IconButton label={t('shell.menu')} icon={<MenuIcon className="size-4" />} onClick={() => setDrawer(true)} />
        <Logo />
        <span className="flex-1" />
        <PhoneBell />
        <IconButton label={t('shell.search')} icon={<Search className="size-4" />} onClick={() => setPalette(true)} />
      </header>
      <aside className="hidden w-56 shrink-0 flex-col border-r bg-canvas md:flex no-print">
        <Navigation onSearch={() => setPalette(true)} />
      </aside>
      <Dialog open={drawer} onOpenChange={setDrawer} title={t('shell.menu')} closeLabel={t('common.close')} sheet>
        <Navigation onSearch={() => setPalette(true)} />
      </Dialog>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col print-flow">
        <ConnectionBanner />
        <UnreadableStrip />
        <main
          id="content"
          tabIndex={-1}
          className="min-h-0 flex-1 scroll-pb-[var(--bar,0px)] overflow-y-auto outline-none print-flow"
        >
          <Suspense fallback={<PageLoading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <UndoKey />
      <Suspense>
        {palette && <Palette open onOpenChange={setPalette} />}
        {help && <ShortcutHelp open onOpenChange={setHelp} />}
      </Suspense>
    </div>
  );
}

/** What could not be read of the lists that this page has; lists of a case belong to its page. */
function UnreadableStrip() {
  const { pathname } = useLocation();
  const lists = useUnreadable().filter(({ path }) => {
    const of = /^\/v1\/cases\/([^/]+)\//.exec(path)?.[1];
    return !of || pathname === `/cases/${of}`;
  });
  return (
    <div role="status">
      {lists.length > 0 && (
        <Suspense>
          <UnreadableNotes lists={lists} />
        </Suspense>
      )}
    </div>
  );
}

/** The palette's global commands, in addition to the shortcuts. */
function useShellCommands(): Command[] {
  const t = useT();
  const navigate = useNavigate();
  const { can, signOut } = useSession();
  const views = useQuery({ ...viewsQuery, enabled: can('cases:read') });
  const go = (search: { assignee?: string; overdue?: boolean; incident?: boolean; view?: string }) =>
    void navigate({ to: '/queue', search });
  return [
    { id: 'mine', label: t('shell.mine'), detail: t('shell.queue'), run: () => go({ assignee: 'me' }) },
    { id: 'unassigned', label: t('shell.unassigned'), detail: t('shell.queue'), run: () => go({ assignee: 'none' }) },
    { id: 'overdue', label: t('shell.overdue'), detail: t('shell.queue'), run: () => go({ overdue: true }) },
    { id: 'incidents', label: t('shell.incidents'), detail: t('shell.queue'), run: () => go({ incident: true }) },
    ...(views.data ?? []).map((view) => ({
      id: `view ${view.id}`,
      label: view.name,
      detail: t('shell.views'),
      run: () => go({ view: view.id }),
    })),
    ...(['light', 'dark', 'system'] as const).map((theme) => ({
      id: `theme ${theme}`,
      label: t(`theme.${theme}`),
      detail: t('shell.theme'),
      run: () => setPreferences({ theme }),
    })),
    ...(['en', 'de'] as const).map((language) => ({
      id: `language ${language}`,
      label: t(`language.${language}`),
      detail: t('shell.language'),
      run: () => setPreferences({ language }),
    })),
    { id: 'sign out', label: t('shell.sign_out'), run: signOut },
  ];
}

function PageLoading() {
  const t = useT();
  return (
    <div role="status" className="flex items-center justify-center gap-2 p-16 text-muted">
      <Spinner />
      {t('common.loading')}
    </div>
  );
}

function Logo() {
  return (
    <span className="flex items-center gap-2 font-semibold">
      <img src="/icon.svg" alt="" className="size-5" />
      Ballerine
    </span>
  );
}

/** How much the reader has not seen yet: unread notifications, and proposals that wait for them. */
function useBell(): number {
  const { can, me } = useSession();
  const queue = useQuery({ ...queueQuery, refetchInterval: 15_000, enabled: can('cases:read') }).data;
  const open = useQuery({ ...openProposalsQuery, enabled: can('definitions:approve') }).data;
  return (queue?.notifications ?? 0) + (open ? waitingFor(open.data, me.user.id, can) : 0);
}

/** The bell of a phone: in a wider window it is in the navigation. */
function PhoneBell() {
  const t = useT();
  const { number } = useFormats();
  const { can } = useSession();
  const unread = useBell();
  if (!can('cases:read')) return null;
  return (
    <Link to="/notifications" className="flex min-h-8 items-center gap-1 rounded-md px-2 text-sm hover:bg-hover">
      <Bell aria-hidden="true" className="size-4" />
      <span className="sr-text">{t('shell.notifications')}</span>
      {unread ? <span className="tabular-nums">{number(unread)}</span> : null}
    </Link>
  );
}

function Navigation({ onSearch }: { onSearch: () => void }) {
  const t = useT();
  const { number } = useFormats();
  const { can } = useSession();
  const queue = useQuery({ ...queueQuery, refetchInterval: 15_000, enabled: can('cases:read') });
  const views = useQuery({ ...viewsQuery, enabled: can('cases:read') });
  const unread = useBell();
  const counts = queue.data;
  return (
    <nav aria-label={t('shell.navigation')} className="flex min-h-0 flex-1 flex-col gap-3 overflow-y-auto p-2.5">
      <div className="hidden px-1.5 pt-1 md:block">
        <Logo />
      </div>
      <Button onClick={onSearch} icon={<Search className="size-3.5" />} className="justify-start text-muted">
        <span className="flex-1 text-left font-normal">{t('shell.search')}</span>
        <Kbd>{keyName('Ctrl K')}</Kbd>
      </Button>
      <ul className="flex flex-col gap-0.5">
        <Item to="/" icon={<House className="size-4" />}>
          {t('shell.home')}
        </Item>
        <Item
          to="/queue"
          icon={<ListChecks className="size-4" />}
          count={counts && number(counts.to_decide)}
          exactSearch={{}}
        >
          {t('shell.queue')}
        </Item>
        {can('cases:read') && (
          <Item to="/notifications" icon={<Bell className="size-4" />} count={unread > 0 ? number(unread) : undefined}>
            {t('shell.notifications')}
          </Item>
        )}
      </ul>
      <div>
        <h2 className="px-2 pb-1 text-xs font-medium text-faint">{t('shell.work')}</h2>
        <ul className="flex flex-col gap-0.5">
          <Item to="/queue" exactSearch={{ assignee: 'me' }} count={counts && number(counts.mine)}>
            {t('shell.mine')}
          </Item>
          <Item to="/queue" exactSearch={{ assignee: 'none' }} count={counts && number(counts.unassigned)}>
            {t('shell.unassigned')}
          </Item>
          <Item
            to="/queue"
            exactSearch={{ overdue: true }}
            count={counts && number(counts.overdue) + (counts.overdue_capped ? '+' : '')}
          >
            {t('shell.overdue')}
          </Item>
          {can('cases:operate') && (
            <Item
              to="/queue"
              exactSearch={{ incident: true }}
              count={counts && number(counts.waiting['operator'] ?? 0)}
            >
              {t('shell.incidents')}
            </Item>
          )}
        </ul>
      </div>
      {views.data && views.data.length > 0 && (
        <div>
          <h2 className="px-2 pb-1 text-xs font-medium text-faint">{t('shell.views')}</h2>
          <ul className="flex flex-col gap-0.5">
            {views.data.map((view) => (
              <Item key={view.id} to="/queue" exactSearch={{ view: view.id }}>
                <bdi>{view.name}</bdi>
              </Item>
            ))}
          </ul>
        </div>
      )}
      <span className="flex-1" />
      <ul className="flex flex-col gap-0.5">
        {can('watchlists:read') && (
          <Item to="/screening" icon={<ScanSearch className="size-4" />}>
            {t('shell.screening')}
          </Item>
        )}
        <Proposals />
        {can('policies:backtest') && (
          <Item to="/backtests" icon={<FlaskConical className="size-4" />}>
            {t('shell.backtests')}
          </Item>
        )}
        {can('cases:repair') && (
          <Item to="/undelivered" icon={<MailX className="size-4" />}>
            {t('shell.undelivered')}
          </Item>
        )}
        <Item to="/settings" icon={<Settings className="size-4" />}>
          {t('shell.settings')}
        </Item>
      </ul>
      <UserMenu />
    </nav>
  );
}

/** To what others want to publish, with how many of them wait for the reader. */
function Proposals() {
  const t = useT();
  const { number } = useFormats();
  const { can, me } = useSession();
  const open = useQuery({ ...openProposalsQuery, enabled: can('definitions:approve') }).data;
  const waiting = open ? waitingFor(open.data, me.user.id, can) : 0;
  if (!can('definitions:read')) return null;
  return (
    <Item
      to="/proposals"
      icon={<FileDiff className="size-4" />}
      count={waiting > 0 ? number(waiting) + (open?.next_cursor ? '+' : '') : undefined}
    >
      {t('shell.proposals')}
    </Item>
  );
}

function Item({
  to,
  icon,
  count,
  exactSearch,
  children,
}: {
  to: '/' | '/queue' | '/notifications' | '/proposals' | '/screening' | '/undelivered' | '/backtests' | '/settings';
  icon?: ReactNode;
  count?: string;
  exactSearch?: Record<string, unknown>;
  children: ReactNode;
}) {
  return (
    <li>
      <Link
        to={to}
        search={exactSearch ?? {}}
        activeOptions={{ exact: true, includeSearch: exactSearch !== undefined }}
        className="flex min-h-7 items-center gap-2 rounded-md px-2 py-1 text-sm leading-5 text-muted hover:bg-hover hover:text-ink data-[status=active]:bg-selected data-[status=active]:font-medium data-[status=active]:text-accent-ink"
      >
        {icon ?? <span className="size-4" aria-hidden="true" />}
        <span className="min-w-0 flex-1 wrap-break-word">{children}</span>
        {count !== undefined && <span className="text-xs tabular-nums">{count}</span>}
      </Link>
    </li>
  );
}

function UserMenu() {
  const t = useT();
  const navigate = useNavigate();
  const { me, signOut } = useSession();
  const { theme, language } = usePreferences();
  const roles = me.user.roles.map((role) => t.maybe(`role.${role}`, role)).join(', ');
  return (
    <Menu
      align="start"
      label={t('shell.account')}
      trigger={
        <button type="button" className={cx('flex items-center gap-2 rounded-md p-1.5 text-left hover:bg-hover')}>
          <Avatar name={me.user.name || me.user.email} title="" />
          <span className="min-w-0 flex-1">
            <span className="block truncate text-sm font-medium">
              <bdi>{me.user.name || me.user.email}</bdi>
            </span>
            <span className="block truncate text-xs text-muted">{roles}</span>
          </span>
          <ChevronsUpDown aria-hidden="true" className="size-4 text-faint" />
        </button>
      }
      groups={[
        (['light', 'dark', 'system'] as const).map((value) => ({
          key: value,
          label: t(`theme.${value}`),
          checked: theme === value,
          onSelect: () => setPreferences({ theme: value }),
        })),
        (['en', 'de'] as const).map((value) => ({
          key: value,
          label: t(`language.${value}`),
          checked: language === value,
          onSelect: () => setPreferences({ language: value }),
        })),
        [
          { key: 'settings', label: t('shell.settings'), onSelect: () => void navigate({ to: '/settings' }) },
          {
            key: 'out',
            label: t('shell.sign_out'),
            onSelect: signOut,
          },
        ],
      ]}
    />
  );
}
