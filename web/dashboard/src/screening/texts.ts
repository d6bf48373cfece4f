import { add } from '@/i18n';
import { screening } from '@/i18n/en/screening';

add(screening);

export { useT } from '@/i18n';
