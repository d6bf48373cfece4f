import { add } from '@/i18n';
import { settings } from '@/i18n/en/settings';

add(settings);

export { useT } from '@/i18n';
