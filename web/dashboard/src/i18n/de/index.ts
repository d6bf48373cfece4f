import type { Texts } from '../en';
import { backtests } from './backtests';
import { cases } from './cases';
import { common } from './common';
import { documents } from './documents';
import { exchange } from './exchange';
import { home } from './home';
import { proposals } from './proposals';
import { queue } from './queue';
import { replay } from './replay';
import { screening } from './screening';
import { settings } from './settings';
import { undelivered } from './undelivered';
import { workflows } from './workflows';

export { problems } from './problems';

export const de: Record<keyof Texts, string> = {
  ...common,
  ...queue,
  ...cases,
  ...documents,
  ...workflows,
  ...home,
  ...screening,
  ...settings,
  ...undelivered,
  ...replay,
  ...exchange,
  ...backtests,
  ...proposals,
};
