import { cases } from './cases';
import { common } from './common';
import { documents } from './documents';
import { home } from './home';
import { policies } from './policies';
import type { proposals } from './proposals';
import { queue } from './queue';
import { screening } from './screening';
import { settings } from './settings';
import { undelivered } from './undelivered';
import { workflows } from './workflows';

/** The texts of the first load. Those of features that are loaded later come with them: they `add` them when they are loaded. */
export const en = {
  ...common,
  ...queue,
  ...cases,
  ...documents,
  ...workflows,
  ...home,
  ...screening,
  ...settings,
  ...undelivered,
  ...policies,
};

export type Texts = typeof en & typeof proposals;
