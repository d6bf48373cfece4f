import { add } from '@/i18n';
import { undelivered } from '@/i18n/en/undelivered';

add(undelivered);

export { useT } from '@/i18n';
