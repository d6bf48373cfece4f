import { add } from '@/i18n';
import { backtests } from '@/i18n/en/backtests';

add(backtests);

export { useT } from '@/i18n';
