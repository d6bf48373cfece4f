import '@/documents/texts';
import '@/workflows/texts';
import { Check, Columns3, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useT } from '@/i18n';
import { RiskChip } from '@/queue/chips';
import { SlaChip } from '@/queue/SlaChip';
import { useTitle } from '@/shell/title';
import {
  AlertDialog,
  Avatar,
  Button,
  Card,
  Checkbox,
  Chip,
  Dialog,
  EmptyState,
  ErrorState,
  Field,
  IconButton,
  Input,
  Kbd,
  Menu,
  Popover,
  Section,
  Segmented,
  Select,
  SkeletonLines,
  Spinner,
  Switch,
  Tabs,
  Textarea,
  Tooltip,
  toast,
} from '@/ui';

// The page that shows every primitive as the others use it, in the theme and language that are chosen. Names of components
// are code and stay as they are; all other words are the dashboard's own.

const hour = 3_600_000;
const colours = [
  'canvas',
  'surface',
  'raised',
  'hover',
  'selected',
  'line',
  'line-strong',
  'ink',
  'muted',
  'faint',
  'accent',
  'success',
  'warning',
  'danger',
  'info',
] as const;
const swatches: Record<(typeof colours)[number], string> = {
  canvas: 'bg-canvas',
  surface: 'bg-surface',
  raised: 'bg-raised',
  hover: 'bg-hover',
  selected: 'bg-selected',
  line: 'bg-line',
  'line-strong': 'bg-line-strong',
  ink: 'bg-ink',
  muted: 'bg-muted',
  faint: 'bg-faint',
  accent: 'bg-accent',
  success: 'bg-success',
  warning: 'bg-warning',
  danger: 'bg-danger',
  info: 'bg-info',
};

function Shown({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Section title={<code>{name}</code>}>
      <div className="flex flex-wrap items-center gap-2">{children}</div>
    </Section>
  );
}

export function ShowcasePage() {
  const t = useT();
  useTitle(t('shell.showcase'));
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-3 p-3 sm:p-6">
      <header>
        <h1 className="text-xl font-semibold">{t('shell.showcase')}</h1>
        <p className="text-muted">{t('shell.showcase_detail')}</p>
      </header>
      <Tokens />
      <div className="grid items-start gap-3 md:grid-cols-2">
        <Controls />
        <Fields />
        <Words />
        <Over />
        <States />
        <Parts />
      </div>
    </div>
  );
}

function Tokens() {
  return (
    <Section title={<code>tokens.css</code>}>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(7rem,1fr))] gap-2 text-xs">
        {colours.map((name) => (
          <li key={name} className="flex items-center gap-2">
            <span aria-hidden="true" className={`size-6 shrink-0 rounded-sm border ${swatches[name]}`} />
            <code>{name}</code>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Controls() {
  const t = useT();
  const [on, setOn] = useState(true);
  const [way, setWay] = useState('chart');
  return (
    <>
      <Shown name="Button">
        <Button variant="primary" icon={<Plus className="size-4" />}>
          {t('queue.new_case')}
        </Button>
        <Button shortcut="a">{t('documents.approve', { kind: t('kind.selfie') })}</Button>
        <Button variant="ghost">{t('common.cancel')}</Button>
        <Button variant="danger">{t('common.delete')}</Button>
        <Button loading>{t('common.save')}</Button>
        <Button disabled>{t('common.save')}</Button>
        <Button size="sm">{t('common.more')}</Button>
      </Shown>
      <Shown name="IconButton, Tooltip, Kbd, Spinner">
        <IconButton label={t('queue.columns')} icon={<Columns3 className="size-4" />} />
        <IconButton pressed label={t('queue.columns')} icon={<Columns3 className="size-4" />} />
        <Tooltip text={t('common.not_allowed')}>
          <Button aria-disabled="true">{t('documents.reject', { kind: t('kind.selfie') })}</Button>
        </Tooltip>
        <Kbd>Ctrl K</Kbd>
        <Spinner />
      </Shown>
      <Shown name="Checkbox, Switch, Segmented">
        <Checkbox checked={on} onCheckedChange={setOn}>
          {t('queue.to_decide')}
        </Checkbox>
        <Checkbox aria-label={t('queue.select_all')} indeterminate checked={false} onCheckedChange={() => undefined} />
        <Switch checked={on} onCheckedChange={setOn} label={t('keyboard.title')} />
        <Segmented
          label={t('documents.view')}
          value={way}
          onValueChange={setWay}
          options={[
            { value: 'chart', label: t('workflows.graph') },
            { value: 'list', label: t('workflows.list') },
          ]}
        />
      </Shown>
    </>
  );
}

function Fields() {
  const t = useT();
  const [text, setText] = useState('');
  const [choice, setChoice] = useState('');
  return (
    <Section title={<code>Field, Input, Select, Textarea</code>}>
      <div className="flex flex-col gap-3">
        <Field label={t('queue.view_name')} required hint={t('queue.create_external_hint')}>
          {(control) => <Input {...control} value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <Field label={t('cases.reason')} required error={t('cases.reason_missing')}>
          {(control) => (
            <Select
              {...control}
              value={choice}
              onValueChange={setChoice}
              placeholder={t('cases.reason_choose')}
              options={(['low', 'medium', 'high'] as const).map((id) => ({ value: id, label: t(`risk.${id}`) }))}
            />
          )}
        </Field>
        <Field label={t('cases.comment')}>{(control) => <Textarea {...control} rows={2} />}</Field>
      </div>
    </Section>
  );
}

function Words() {
  const t = useT();
  const [now] = useState(Date.now);
  const sla = (left: number) => ({
    state: 'review',
    started_at: new Date(now - 40 * hour).toISOString(),
    due_at: new Date(now + left).toISOString(),
    breached: left < 0,
  });
  return (
    <>
      <Shown name="Chip">
        <Chip>{t('status.active')}</Chip>
        <Chip tone="accent">{t('state.review')}</Chip>
        <Chip tone="info">{t('state.collect')}</Chip>
        <Chip tone="success">{t('state.approved')}</Chip>
        <Chip tone="warning">{t('state.expired')}</Chip>
        <Chip tone="danger">{t('state.escalated')}</Chip>
        <RiskChip risk={{ score: 90, severity: 'critical', policy: '', reasons: [] }} />
        <SlaChip sla={sla(30 * hour)} />
        <SlaChip sla={sla(2 * hour)} />
        <SlaChip sla={sla(-5 * hour)} />
      </Shown>
      <Shown name="Avatar">
        {['Ada Admin', 'Mara Manager', 'Rita Reviewer'].map((name) => (
          <Avatar key={name} name={name} />
        ))}
        <Avatar name="Otto Auditor" size="sm" />
      </Shown>
    </>
  );
}

function Over() {
  const t = useT();
  const [open, setOpen] = useState<'dialog' | 'alert' | null>(null);
  const close = () => setOpen(null);
  return (
    <Shown name="Dialog, AlertDialog, Menu, Popover, Toaster">
      <Button onClick={() => setOpen('dialog')}>Dialog</Button>
      <Button onClick={() => setOpen('alert')}>AlertDialog</Button>
      <Menu
        label={t('queue.assign_to')}
        trigger={<Button>Menu</Button>}
        groups={[
          [
            { key: 'one', label: 'Rita Reviewer', checked: true, onSelect: () => undefined },
            { key: 'two', label: 'Robin Reviewer', shortcut: 'i', onSelect: () => undefined },
          ],
          [{ key: 'gone', label: t('common.delete'), danger: true, onSelect: () => undefined }],
        ]}
      />
      <Popover label={t('queue.columns')} trigger={<Button>Popover</Button>}>
        {t('common.not_allowed')}
      </Popover>
      <Button
        icon={<Check className="size-4" />}
        onClick={() => toast({ title: t('queue.view_saved'), tone: 'success' })}
      >
        toast
      </Button>
      <Dialog
        open={open === 'dialog'}
        onOpenChange={close}
        title={t('queue.view_save_as')}
        closeLabel={t('common.close')}
        footer={<Button onClick={close}>{t('common.cancel')}</Button>}
      >
        <Field label={t('queue.view_name')}>{(control) => <Input {...control} />}</Field>
      </Dialog>
      <AlertDialog
        open={open === 'alert'}
        onOpenChange={close}
        title={t('queue.view_delete')}
        description={t('queue.view_delete_detail')}
        confirm={t('common.delete')}
        cancel={t('common.cancel')}
        danger
        onConfirm={close}
      />
    </Shown>
  );
}

function States() {
  const t = useT();
  return (
    <>
      <Card>
        <EmptyState title={t('queue.nothing')}>{t('queue.nothing_detail')}</EmptyState>
      </Card>
      <Card>
        <ErrorState
          title={t('common.load_failed')}
          detail={t('common.unreachable')}
          requestLabel={t('common.request')}
          requestId="req_0"
          retryLabel={t('common.retry')}
          onRetry={() => undefined}
        />
      </Card>
      <Card>
        <SkeletonLines label={t('common.loading')} />
      </Card>
    </>
  );
}

function Parts() {
  const t = useT();
  const [tab, setTab] = useState('data');
  return (
    <Section title={<code>Card, Section, Tabs</code>}>
      <Tabs
        label={t('shell.showcase')}
        value={tab}
        onValueChange={setTab}
        tabs={[
          { value: 'data', label: t('cases.tab_data'), content: t('cases.no_data') },
          { value: 'history', label: t('cases.tab_history'), count: 3, content: t('cases.history_none') },
        ]}
      />
    </Section>
  );
}
