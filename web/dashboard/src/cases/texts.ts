import { add } from '@/i18n';
import { replay } from '@/i18n/en/replay';

add(replay);

export { useT } from '@/i18n';
