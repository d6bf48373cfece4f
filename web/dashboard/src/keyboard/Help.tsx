import { useT } from '@/i18n';
import { usePreferences } from '@/session/preferences';
import { Dialog } from '@/ui';
import { useRegisteredShortcuts } from './shortcuts';

/** The keys that work on this page. */
export function ShortcutHelp({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useT();
  const scopes = useRegisteredShortcuts();
  const { shortcuts } = usePreferences();
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('keyboard.title')}
      description={shortcuts ? t('keyboard.detail') : t('keyboard.off')}
      closeLabel={t('common.close')}
    >
      <div className="grid gap-5 sm:grid-cols-2">
        {[...scopes].reverse().map((scope) => (
          <section key={scope.title} aria-label={scope.title}>
            <h3 className="mb-1 text-sm font-semibold">{scope.title}</h3>
            <dl className="grid grid-cols-[1fr_auto] gap-x-3 gap-y-1 text-sm">
              {scope.shortcuts.map((one) => (
                <div key={one.keys} className="contents">
                  <dt className="text-muted">{one.label}</dt>
                  <dd>
                    <kbd className="rounded-sm border bg-canvas px-1.5 font-sans text-xs">{one.keys}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
