import { add } from '@/i18n';
import { exchange } from '@/i18n/en/exchange';

add(exchange);

export { useT } from '@/i18n';
