import type { backtests } from './backtests';
import { cases } from './cases';
import { common } from './common';
import type { documents } from './documents';
import type { exchange } from './exchange';
import { home } from './home';
import type { proposals } from './proposals';
import { queue } from './queue';
import type { replay } from './replay';
import type { screening } from './screening';
import type { settings } from './settings';
import type { undelivered } from './undelivered';
import type { workflows } from './workflows';

/** The texts of the first load. Those of features that are loaded later come with them: they `add` them when they are loaded. */
export const en = {
  ...common,
  ...queue,
  ...cases,
  ...home,
};

export type Texts = typeof en &
  typeof backtests &
  typeof documents &
  typeof proposals &
  typeof replay &
  typeof exchange &
  typeof screening &
  typeof settings &
  typeof undelivered &
  typeof workflows;
