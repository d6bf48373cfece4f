import { useT } from '@/i18n';
import { useCommands, useShortcuts } from '@/keyboard';
import { dismiss, useToasts } from '@/ui';

/** The key and the command of what a message offers for a while: taking the last decision back. */
export function UndoKey() {
  const t = useT();
  const last = useToasts().findLast((one) => one.countdown && one.action);
  const run = () => {
    if (!last) return;
    dismiss(last.id);
    last.action?.onClick();
  };
  useShortcuts(t('keyboard.everywhere'), [{ keys: 'z', label: t('keyboard.undo'), enabled: last !== undefined, run }]);
  useCommands(last ? [{ id: 'undo', label: t('keyboard.undo'), detail: last.title, run }] : []);
  return null;
}
