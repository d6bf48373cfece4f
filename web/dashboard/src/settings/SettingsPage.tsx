import { Check, Minus } from 'lucide-react';
import { type ReactNode, useId, useMemo } from 'react';
import { useFormats } from '@/i18n';
import { setPreferences, usePreferences, useSession } from '@/session';
import { useTitle } from '@/shell/title';
import { Avatar, Button, Chip, Section, Segmented, Select, Switch } from '@/ui';
import { rowsOf } from './permissions';
import { useT } from './texts';
import { zoneOptions } from './zones';

/** Who is signed in and what they may do, and how the dashboard looks and speaks to them. */
export function SettingsPage() {
  const t = useT();
  useTitle(t('shell.settings'));
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 p-4 md:p-6">
      <h1 className="text-xl font-semibold">{t('shell.settings')}</h1>
      <Profile />
      <Appearance />
      <Working />
      <Developing />
      <Allowed />
    </div>
  );
}

function Profile() {
  const t = useT();
  const { me, signOut } = useSession();
  return (
    <Section
      title={t('settings.profile')}
      actions={
        <Button size="sm" onClick={signOut}>
          {t('shell.sign_out')}
        </Button>
      }
    >
      <div className="flex items-start gap-3">
        <Avatar name={me.user.name || me.user.email} title="" />
        <dl className="grid min-w-0 flex-1 grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5 text-sm">
          <dt className="text-muted">{t('settings.name')}</dt>
          <dd>
            <bdi>{me.user.name || '–'}</bdi>
          </dd>
          <dt className="text-muted">{t('settings.email')}</dt>
          <dd>
            <bdi>{me.user.email || '–'}</bdi>
          </dd>
          <dt className="text-muted">{t('settings.roles')}</dt>
          <dd className="flex flex-wrap gap-1">
            {me.user.roles.length === 0
              ? t('common.none')
              : me.user.roles.map((role) => <Chip key={role}>{t.maybe(`role.${role}`, role)}</Chip>)}
          </dd>
          <dt className="text-muted">{t('settings.tenant')}</dt>
          <dd>
            <bdi>{me.tenant}</bdi>
          </dd>
        </dl>
      </div>
      <p className="mt-3 text-xs text-muted">{t('settings.profile_detail')}</p>
    </Section>
  );
}

function Row({ label, hint, children }: { label: ReactNode; hint?: ReactNode; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1.5 border-t px-3 py-2.5 first:border-t-0">
      <div className="min-w-0 flex-1 basis-56">
        <div className="text-sm font-medium">{label}</div>
        {hint && <p className="text-xs text-muted">{hint}</p>}
      </div>
      {children}
    </div>
  );
}

function Appearance() {
  const t = useT();
  const formats = useFormats();
  const { theme, language, timeZone } = usePreferences();
  const zone = useId();
  const zones = useMemo(
    () => zoneOptions(timeZone, (name) => t('settings.zone_browser', { zone: name }), new Date()),
    [timeZone, t],
  );
  return (
    <Section title={t('settings.appearance')} flush>
      <Row label={t('settings.theme')}>
        <Segmented
          label={t('settings.theme')}
          value={theme}
          onValueChange={(value) => setPreferences({ theme: value === 'light' || value === 'dark' ? value : 'system' })}
          options={(['light', 'dark', 'system'] as const).map((value) => ({ value, label: t(`theme.${value}`) }))}
        />
      </Row>
      <Row label={t('settings.language')} hint={t('settings.language_detail')}>
        <Segmented
          label={t('settings.language')}
          value={language}
          onValueChange={(value) => setPreferences({ language: value === 'de' ? 'de' : 'en' })}
          options={(['en', 'de'] as const).map((value) => ({
            value,
            label: <span lang={value}>{t(`language.${value}`)}</span>,
          }))}
        />
      </Row>
      <Row
        label={<label htmlFor={zone}>{t('settings.zone')}</label>}
        hint={t('settings.zone_detail', { now: formats.exact(new Date()) })}
      >
        <Select
          id={zone}
          className="w-full sm:w-64"
          value={timeZone}
          options={zones}
          onValueChange={(value) => setPreferences({ timeZone: value })}
        />
      </Row>
    </Section>
  );
}

function Working() {
  const t = useT();
  const { shortcuts, autoNext } = usePreferences();
  return (
    <Section title={t('settings.working')} flush>
      <Row label={t('keyboard.title')} hint={t('settings.shortcuts_detail')}>
        <Switch
          label={t('keyboard.title')}
          checked={shortcuts}
          onCheckedChange={(value) => setPreferences({ shortcuts: value })}
        />
      </Row>
      <Row label={t('settings.auto_next')} hint={t('settings.auto_next_detail')}>
        <Switch
          label={t('settings.auto_next')}
          checked={autoNext}
          onCheckedChange={(value) => setPreferences({ autoNext: value })}
        />
      </Row>
    </Section>
  );
}

/** Where those who build against the API read about it. */
function Developing() {
  const t = useT();
  const { me } = useSession();
  if (!me.permissions.includes('webhooks:write')) return null;
  return (
    <Section title={t('settings.developing')}>
      <ul className="flex flex-col gap-1.5 text-sm">
        <li>
          <a className="underline" href="/docs">
            {t('settings.reference')}
          </a>
        </li>
        <li>
          <a className="underline" href="/openapi.json">
            {t('settings.openapi')}
          </a>
        </li>
      </ul>
    </Section>
  );
}

function Allowed() {
  const t = useT();
  const { me } = useSession();
  const rows = rowsOf(me.permissions);
  return (
    <Section title={t('settings.allowed')} flush>
      <table className="w-full text-sm">
        <caption className="px-3 pt-2.5 pb-1 text-left text-xs text-muted">{t('settings.allowed_detail')}</caption>
        <thead className="text-left text-xs text-muted">
          <tr>
            <th scope="col" className="px-3 py-1.5 font-medium">
              {t('settings.what')}
            </th>
            <th scope="col" className="hidden px-3 py-1.5 font-medium sm:table-cell">
              {t('settings.permission')}
            </th>
            <th scope="col" className="px-3 py-1.5 text-right font-medium">
              {t('settings.you')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.permission} className="border-t">
              <th scope="row" className="px-3 py-1.5 text-left font-normal">
                {t.maybe(`permission.${row.permission}`, row.permission)}
              </th>
              <td className="hidden px-3 py-1.5 font-mono text-xs text-muted sm:table-cell">{row.permission}</td>
              <td className="px-3 py-1.5">
                <span className="flex items-center justify-end gap-1.5">
                  {row.granted ? (
                    <Check aria-hidden="true" className="size-4 text-success" />
                  ) : (
                    <Minus aria-hidden="true" className="size-4 text-faint" />
                  )}
                  <span className={row.granted ? undefined : 'text-muted'}>
                    {row.granted ? t('common.yes') : t('common.no')}
                  </span>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
