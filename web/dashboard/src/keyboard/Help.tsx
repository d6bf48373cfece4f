import { useT } from '@/i18n';
import { usePreferences } from '@/session/preferences';
import { Dialog } from '@/ui';
import { keyName, useRegisteredShortcuts } from './shortcuts';

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
        {[...scopes].reverse().map(
          (scope) =>
            scope.shortcuts.some((one) => one.enabled !== false) && (
              <section key={scope.title} aria-label={scope.title}>
                <h3 className="mb-1 text-sm font-semibold">{scope.title}</h3>
                <dl className="grid grid-cols-[1fr_auto] gap-x-3 gap-y-1 text-sm">
                  {scope.shortcuts
                    .filter((one) => one.enabled !== false)
                    .map((one) => (
                      <div key={one.keys} className="contents">
                        <dt className="text-muted">{one.label}</dt>
                        <dd>
                          <Keys keys={one.keys} />
                        </dd>
                      </div>
                    ))}
                  {scope === scopes[0] && (
                    <div className="contents">
                      <dt className="text-muted">{t('palette.title')}</dt>
                      <dd>
                        <Keys keys="Ctrl K" />
                      </dd>
                    </div>
                  )}
                </dl>
              </section>
            ),
        )}
      </div>
    </Dialog>
  );
}

function Keys({ keys }: { keys: string }) {
  return (
    <span className="flex justify-end gap-1">
      {keys.split(' ').map((key) => (
        <kbd
          key={key}
          className="min-w-5 rounded-sm border border-line-strong bg-canvas px-1 text-center font-sans text-xs"
        >
          {keyName(key)}
        </kbd>
      ))}
    </span>
  );
}
